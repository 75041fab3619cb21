package io.hla.spark.shuffle;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/** Pairs of a key and bytes, one behind the other: the key, the number of bytes, the bytes. */
final class PairSerializer<K> extends Serializer implements Serializable {
  private static final long serialVersionUID = 1L;

  private final KeyCodec<K> codec;

  PairSerializer(KeyCodec<K> codec) {
    this.codec = codec;
  }

  @Override
  public SerializerInstance newInstance() {
    return new Instance<>(codec);
  }

  /** No pair refers to another one. */
  @Override
  public boolean supportsRelocationOfSerializedObjects() {
    return true;
  }

  private static final class Instance<K> extends SerializerInstance {
    private final KeyCodec<K> codec;

    Instance(KeyCodec<K> codec) {
      this.codec = codec;
    }

    @Override
    public SerializationStream serializeStream(OutputStream stream) {
      return new Out<>(codec, stream);
    }

    @Override
    public DeserializationStream deserializeStream(InputStream stream) {
      return new In<>(codec, stream);
    }

    @Override
    public <T> ByteBuffer serialize(T value, ClassTag<T> type) {
      throw new UnsupportedOperationException("pairs travel in streams alone");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassTag<T> type) {
      throw new UnsupportedOperationException("pairs travel in streams alone");
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> type) {
      throw new UnsupportedOperationException("pairs travel in streams alone");
    }
  }

  private static final class Out<K> extends SerializationStream {
    private final KeyCodec<K> codec;
    private final DataOutputStream out;

    Out(KeyCodec<K> codec, OutputStream stream) {
      this.codec = codec;
      out = new DataOutputStream(new BufferedOutputStream(stream, 1 << 13));
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> SerializationStream writeKey(T key, ClassTag<T> type) {
      try {
        codec.write((K) key, out);
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public <T> SerializationStream writeValue(T value, ClassTag<T> type) {
      try {
        byte[] bytes = (byte[]) value;
        out.writeInt(bytes.length);
        out.write(bytes);
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public <T> SerializationStream writeObject(T value, ClassTag<T> type) {
      throw new UnsupportedOperationException("expected a key or a value");
    }

    @Override
    public void flush() {
      try {
        out.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      try {
        out.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class In<K> extends DeserializationStream {
    private final KeyCodec<K> codec;
    private final DataInputStream in;

    In(KeyCodec<K> codec, InputStream stream) {
      this.codec = codec;
      in = new DataInputStream(new BufferedInputStream(stream, 1 << 13));
    }

    /** Throws EOFException at the end, which is how Spark's iterators find it. */
    @Override
    @SuppressWarnings("unchecked")
    public <T> T readKey(ClassTag<T> type) {
      try {
        in.mark(1);
        if (in.read() < 0) {
          throw new EOFException();
        }
        in.reset();
        return (T) codec.read(in);
      } catch (IOException e) {
        throw thrown(e);
      }
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T readValue(ClassTag<T> type) {
      try {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return (T) bytes;
      } catch (IOException e) {
        throw thrown(e);
      }
    }

    // Scala declares no checked exceptions; Spark's iterators catch EOFException itself.
    @SuppressWarnings("unchecked")
    private static <E extends Throwable> RuntimeException thrown(Throwable e) throws E {
      throw (E) e;
    }

    @Override
    public <T> T readObject(ClassTag<T> type) {
      throw new UnsupportedOperationException("expected a key or a value");
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
