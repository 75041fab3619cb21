package io.hla.spark.model;

import java.util.ArrayList;
import java.util.List;

/**
 * One weight of a decoder.
 *
 * @param role what it does
 * @param layer which layer it is of, counted from 0; {@link #NO_LAYER} for those of the model
 */
public record ModelTensor(Role role, int layer) {
  /** The layer of a weight that is of no layer. */
  public static final int NO_LAYER = -1;

  /** All weights, with H query heads and Hkv key-value heads, in the order of their use. */
  public enum Role {
    /** [vocab_size, D]. */
    EMBEDDING(
        false,
        "model.embeddings.weight",
        "model.embed_tokens.weight",
        "model.wte.weight",
        "model.tok_embeddings.weight"),
    /** [D]. */
    ATTN_NORM(true, "attn_norm.weight", "input_layernorm.weight"),
    /** [H d, D]. */
    Q_PROJ(true, "attn.q_proj.weight"),
    /** [Hkv d, D]. */
    K_PROJ(true, "attn.k_proj.weight"),
    /** [Hkv dv, D]. */
    V_PROJ(true, "attn.v_proj.weight"),
    /** [D, H dv]. */
    O_PROJ(true, "attn.o_proj.weight"),
    /** [H dv, D]; with use_output_gate. */
    G_PROJ(true, "attn.g_proj.weight"),
    /** [dv]; with use_output_norm. */
    OUTPUT_NORM(
        true,
        "attn.norm.weight",
        "attn.g_norm.weight",
        "attn.g_norm_swish_gate.weight",
        "attn.o_norm.weight"),
    /** [H, D]; with use_gk. */
    GK_PROJ(true, "attn.gk_proj.weight"),
    /** [H]; may be there with use_gk. */
    GK_BIAS(true, "attn.gk_proj.bias"),
    /** [D]. */
    MLP_NORM(true, "mlp_norm.weight", "post_attention_layernorm.weight"),
    /** [intermediate_size, D]. */
    GATE_PROJ(true, "mlp.gate_proj.weight"),
    /** [intermediate_size, D]. */
    UP_PROJ(true, "mlp.up_proj.weight"),
    /** [D, intermediate_size]. */
    DOWN_PROJ(true, "mlp.down_proj.weight"),
    /** [D]. */
    FINAL_NORM(false, "model.norm.weight"),
    /** [vocab_size, D]; with tie_word_embeddings it may be there and is not read. */
    LM_HEAD(false, "lm_head.weight");

    private final boolean ofLayer;
    private final List<String> names;

    Role(boolean ofLayer, String... names) {
      this.ofLayer = ofLayer;
      List<String> all = new ArrayList<>(List.of(names));
      for (String name : names) {
        if (name.startsWith("attn.")) {
          all.add("self_" + name);
        }
      }
      this.names = List.copyOf(all);
    }

    /** The key of config.json that decides whether a model has it. */
    String key() {
      return switch (this) {
        case G_PROJ -> "use_output_gate";
        case OUTPUT_NORM -> "use_output_norm";
        case GK_PROJ, GK_BIAS -> "use_gk";
        default -> "model_type";
      };
    }

    /** Whether every layer has its own. */
    public boolean isOfLayer() {
      return ofLayer;
    }
  }

  /** Whether a weight is in the files of a model. */
  enum Presence {
    REQUIRED,
    OPTIONAL,
    ABSENT
  }

  public ModelTensor {
    if (role.ofLayer ? layer < 0 : layer != NO_LAYER) {
      throw new IllegalArgumentException(
          "layer of "
              + role
              + " is "
              + layer
              + ", expected "
              + (role.ofLayer ? "one from 0" : "NO_LAYER"));
    }
  }

  /** A weight of the model itself. */
  public static ModelTensor of(Role role) {
    return new ModelTensor(role, NO_LAYER);
  }

  /** A weight of a layer. */
  public static ModelTensor of(Role role, int layer) {
    return new ModelTensor(role, layer);
  }

  /** The canonical name. */
  public String name() {
    return prefix() + role.names.get(0);
  }

  /** All names that it may have, the canonical one first. */
  public List<String> names() {
    return role.names.stream().map(name -> prefix() + name).toList();
  }

  private String prefix() {
    return role.ofLayer ? "model.layers." + layer + "." : "";
  }

  /** Sizes from the slowest to the fastest dimension. */
  public List<Long> shape(ModelConfig config) {
    long width = config.hiddenSize();
    long queries = (long) config.numHeads() * config.headDim();
    long outputs = (long) config.numHeads() * config.valueDim();
    return switch (role) {
      case EMBEDDING, LM_HEAD -> List.of((long) config.vocabSize(), width);
      case ATTN_NORM, MLP_NORM, FINAL_NORM -> List.of(width);
      case Q_PROJ -> List.of(queries, width);
      case K_PROJ -> List.of((long) config.numKvHeads() * config.headDim(), width);
      case V_PROJ -> List.of((long) config.numKvHeads() * config.valueDim(), width);
      case O_PROJ -> List.of(width, outputs);
      case G_PROJ -> List.of(outputs, width);
      case OUTPUT_NORM -> List.of((long) config.valueDim());
      case GK_PROJ -> List.of((long) config.numHeads(), width);
      case GK_BIAS -> List.of((long) config.numHeads());
      case GATE_PROJ, UP_PROJ -> List.of((long) config.intermediateSize(), width);
      case DOWN_PROJ -> List.of(width, (long) config.intermediateSize());
    };
  }

  /** Whether a model of these settings has the weight. */
  Presence presence(ModelConfig config) {
    return switch (role) {
      case G_PROJ -> required(config.outputGate());
      case OUTPUT_NORM -> required(config.outputNorm());
      case GK_PROJ -> required(config.gated());
      case GK_BIAS -> config.gated() ? Presence.OPTIONAL : Presence.ABSENT;
      case LM_HEAD -> config.tied() ? Presence.OPTIONAL : Presence.REQUIRED;
      default -> Presence.REQUIRED;
    };
  }

  private static Presence required(boolean holds) {
    return holds ? Presence.REQUIRED : Presence.ABSENT;
  }

  @Override
  public String toString() {
    return name();
  }
}
