package io.hla.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Loads libhla.so once for this class's loader: from {@code -Dhla.kernels.path}, or from the jar by
 * way of a private file below {@code -Dhla.kernels.tmpdir} (default: java.io.tmpdir), which is gone
 * again when the library is loaded. A failure is returned, and the next call tries again.
 */
final class NativeLibrary {
  static final String PATH = "hla.kernels.path";
  static final String TEMPORARY_DIRECTORY = "hla.kernels.tmpdir";

  private static boolean loaded;

  private NativeLibrary() {}

  /** Why the library could not be loaded. */
  record Failure(String reason, Throwable cause) {}

  /** Loads the library unless it is loaded; empty means that it is. */
  static synchronized Optional<Failure> load() {
    if (loaded) {
      return Optional.empty();
    }
    String path = System.getProperty(PATH);
    Optional<Failure> failure =
        path != null ? load(Path.of(path).toAbsolutePath()) : loadFromJar(resource());
    loaded = failure.isEmpty();
    return failure;
  }

  /** Where the jar keeps the library of this machine: as {@code uname} names system and machine. */
  static String resource() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).replace(' ', '_');
    String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return "/native/"
        + system
        + "-"
        + (machine.equals("amd64") ? "x86_64" : machine)
        + "/libhla.so";
  }

  private static Optional<Failure> load(Path file) {
    try {
      System.load(file.toString());
      return Optional.empty();
    } catch (UnsatisfiedLinkError | SecurityException e) {
      return Optional.of(new Failure("cannot load " + file + ": " + e.getMessage(), e));
    }
  }

  private static Optional<Failure> loadFromJar(String resource) {
    try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
      if (library == null) {
        return Optional.of(new Failure("the jar has no " + resource, null));
      }
      return loadCopy(library);
    } catch (IOException | SecurityException e) {
      return Optional.of(new Failure("cannot unpack " + resource + ": " + e, e));
    }
  }

  private static Optional<Failure> loadCopy(InputStream library) throws IOException {
    String parent =
        System.getProperty(TEMPORARY_DIRECTORY, System.getProperty("java.io.tmpdir", "/tmp"));
    // Created for the owner alone, under a name of its own: another class loader gets another file.
    Path directory = Files.createTempDirectory(Path.of(parent), "hla-kernels-");
    Path file = directory.resolve("libhla.so");
    try {
      Files.copy(library, file);
      return load(file)
          .map(
              failure ->
                  new Failure(
                      failure.reason()
                          + " (a directory mounted noexec? -D"
                          + TEMPORARY_DIRECTORY
                          + " names another one)",
                      failure.cause()));
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(directory);
    }
  }
}
