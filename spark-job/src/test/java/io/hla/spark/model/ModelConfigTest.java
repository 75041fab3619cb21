package io.hla.spark.model;

import static io.hla.spark.model.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every key of config.json: what it means, what it is without it, and what it may not be. */
class ModelConfigTest {
  private static final String REQUIRED =
      "'model_type':'hla','vocab_size':300,'hidden_size':12,'num_hidden_layers':2,'num_heads':4,"
          + "'intermediate_size':7";
  private static final String SMALL = REQUIRED + ",'operator':'hla2'";

  @Test
  void requiredKeysAreEnough() {
    ModelConfig config = read(SMALL);
    assertThat(
            List.of(
                config.vocabSize(),
                config.hiddenSize(),
                config.layers(),
                config.intermediateSize(),
                config.numHeads(),
                config.numKvHeads(),
                config.headDim(),
                config.valueDim()))
        .containsExactly(300, 12, 2, 7, 4, 4, 3, 3);
    assertThat(config.normEpsilon()).isEqualTo(1e-5);
    assertThat(List.of(config.outputNorm(), config.outputGate(), config.gated(), config.tied()))
        .containsExactly(true, false, false, false);
    assertThat(config.gateLogitNormalizer()).isEqualTo(16);
    assertThat(config.tokenizer()).isEqualTo(ModelTokenizer.none());
    assertThat(config.attention(1, Precision.MIXED))
        .isEqualTo(
            AttentionSettings.builder(3, 3)
                .operator(Operator.HLA2)
                .heads(4, 4)
                .decay(1.0)
                .epsilon(1e-6)
                .scale(0.5773502691896257645) // 3^-0.5
                .precision(Precision.MIXED)
                .build());
  }

  @Test
  void keysReachTheirSettings() {
    ModelConfig config =
        read(
            SMALL
                + ",'num_kv_heads':2,'head_dim':5,'value_dim':9,'decay':[[1,0.5,0.25,0.125],"
                + "[0.9,0.8,0.7,0.6]],'ridge':0.5,'normalize':true,'normalize_epsilon':0.25,"
                + "'scale':-2,'feature_map':'elu1','norm_eps':0.125,'use_output_norm':false,"
                + "'use_output_gate':true,'use_gk':true,'gate_logit_normalizer':3,"
                + "'hidden_act':'swish','tie_word_embeddings':true,'tokenizer':{'type':'bytes'}");
    assertThat(config.normEpsilon()).isEqualTo(0.125);
    assertThat(List.of(config.outputNorm(), config.outputGate(), config.gated(), config.tied()))
        .containsExactly(false, true, true, true);
    assertThat(config.gateLogitNormalizer()).isEqualTo(3);
    assertThat(config.tokenizer().type()).isEqualTo(ModelTokenizer.Type.BYTES);
    AttentionSettings.Builder expected =
        AttentionSettings.builder(5, 9)
            .operator(Operator.HLA2)
            .heads(4, 2)
            .ridge(0.5)
            .normalize(true)
            .epsilon(0.25)
            .scale(-2)
            .featureMap(FeatureMap.ELU1)
            .precision(Precision.FLOAT64)
            .gated(true);
    assertThat(config.attention(0, Precision.FLOAT64))
        .isEqualTo(expected.decay(List.of(1.0, 0.5, 0.25, 0.125)).build());
    assertThat(config.attention(1, Precision.FLOAT64))
        .isEqualTo(expected.decay(List.of(0.9, 0.8, 0.7, 0.6)).build());
  }

  @Test
  void operatorsAreNamesOrPrograms() {
    assertThat(read(REQUIRED + ",'operator':'linear'").operator()).isEqualTo(Operator.LINEAR);
    assertThat(read(REQUIRED + ",'operator':'ahla'").operator()).isEqualTo(Operator.AHLA);
    assertThat(read(REQUIRED + ",'operator':'hla:4'").operator()).isEqualTo(Operator.hla(4));
    assertThat(read(REQUIRED + ",'operator':'ahla:3'").operator()).isEqualTo(Operator.ahla(3));
    assertThat(read(REQUIRED + ",'operator':'ahla3'").operator()).isEqualTo(Operator.ahla(3));
    assertThat(read(REQUIRED + ",'program':'u = LA(q, k, k); o = LA(q, u, v)'").operator())
        .isEqualTo(Operator.program("u = LA(q, k, k); o = LA(q, u, v)"));
  }

  /** Other names, explicit defaults, nulls, what is passed over, and another order. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'num_attention_heads':4",
        "'num_key_value_heads':4",
        "'num_kv_heads':null,'head_dim':null,'feature_map':null,'tokenizer':null",
        "'rms_norm_eps':1e-5,'norm_eps':1e-5",
        "'rms_norm_eps':0.00001",
        "'head_dim':3,'value_dim':3,'decay':1,'ridge':0,'normalize':false,'scale':null",
        "'decay':[1,1,1,1.0]",
        "'decay':[[1,1,1,1],[1,1,1,1]]",
        "'normalize_epsilon':1e-6,'feature_map':'identity','use_output_norm':true",
        "'use_output_gate':false,'use_gk':false,'gate_logit_normalizer':16,'hidden_act':'silu'",
        "'architectures':['X'],'torch_dtype':'float32','dtype':1,'transformers_version':'4'",
        "'bos_token_id':1,'eos_token_id':2,'pad_token_id':null,'initializer_range':0.02",
        "'max_position_embeddings':2048,'use_cache':true,'_name_or_path':'a'"
      })
  void whatMeansTheSameIsTheSame(String more) {
    assertThat(read(more + "," + SMALL).meaning()).isEqualTo(read(SMALL).meaning());
  }

  /** Each of these changes what is computed. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'num_kv_heads':2",
        "'num_kv_heads':1",
        "'head_dim':4",
        "'value_dim':4",
        "'decay':0.5",
        "'decay':[1,1,1,0.5]",
        "'decay':[[1,1,1,1],[1,1,1,0.5]]",
        "'ridge':0.5",
        "'normalize':true",
        "'normalize':true,'normalize_epsilon':1e-7",
        "'scale':1",
        "'feature_map':'relu'",
        "'feature_map':'l2'",
        "'norm_eps':1e-6",
        "'use_output_norm':false",
        "'use_output_gate':true",
        "'use_gk':true",
        "'use_gk':true,'gate_logit_normalizer':8",
        "'tie_word_embeddings':true"
      })
  void whatMeansSomethingElseIsAnotherModel(String more) {
    String meaning = read(more + "," + SMALL).meaning();
    assertThat(meaning).isNotEqualTo(read(SMALL).meaning());
    if (more.indexOf(',') > 0 && more.indexOf('[') < 0) {
      String first = more.substring(0, more.indexOf(','));
      assertThat(meaning).isNotEqualTo(read(first + "," + SMALL).meaning());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "model_type          | 'llama'     | model_type is \"llama\", expected hla",
        "model_type          | null        | it has no model_type",
        "vocab_size          | null        | it has no vocab_size",
        "vocab_size          | 0           | vocab_size is 0, expected an integer from 1",
        "vocab_size          | 3.0         | vocab_size is 3.0, expected an integer from 1",
        "vocab_size          | '3'         | vocab_size is \"3\", expected an integer from 1",
        "vocab_size          | 2147483648  | vocab_size is 2147483648, expected an integer from 1",
        "vocab_size          | 2000000000  | vocab_size * hidden_size is 2000000000 * 12, expected",
        "hidden_size         | -1          | hidden_size is -1",
        "hidden_size         | 13          | it has no head_dim",
        "hidden_size         | 2147483636  | vocab_size * hidden_size is 300 * 2147483636",
        "num_hidden_layers   | 1e2         | num_hidden_layers is 100.0",
        "num_hidden_layers   | 2000000000  | num_hidden_layers is 2000000000, expected an integer",
        "num_heads           | 2000000000  | num_heads is 2000000000, expected an integer from 1",
        "num_heads           | [4]         | num_heads is [4]",
        "intermediate_size   | 200000000   | intermediate_size * hidden_size is 200000000 * 12",
        "num_attention_heads | 3           | num_heads is 4 and num_attention_heads is 3, expected",
        "num_kv_heads        | 3           | num_heads is 4, expected a multiple of num_kv_heads 3",
        "num_kv_heads        | 8           | num_heads is 4, expected a multiple of num_kv_heads 8",
        "head_dim            | 2000000000  | num_heads * head_dim is 4 * 2000000000, expected at",
        "head_dim            | 200000000   | num_heads * head_dim * hidden_size is 800000000 * 12",
        "head_dim            | 30000       | head_dim: the state of 4 heads with head-dim 30000",
        "value_dim           | 200000000   | num_heads * value_dim * hidden_size is 800000000 * 12",
        "operator            | 'softmax'   | operator: operator is softmax, expected linear, hla2",
        "operator            | 'hla:11'    | operator: operator is hla11, expected an order from 1",
        "operator            | 'o=LA(q,k,v)' | operator is \"o=LA(q,k,v)\", expected linear, hla2",
        "operator            | 2           | operator is 2, expected a text",
        "operator            | null        | it has neither operator nor program, expected one of",
        "program             | 'o=LA(q,k,v)' | it has operator and program, expected one of",
        "decay               | 0           | decay has 0.0, expected numbers in (0, 1]",
        "decay               | 1.01        | decay has 1.01, expected numbers in (0, 1]",
        "decay               | 1e999       | decay has Infinity, expected numbers in (0, 1]",
        "decay               | '1'         | decay is \"1\", expected a number, one a head, or",
        "decay               | []          | decay is [], expected a number",
        "decay               | [1,1,1]     | decay has [1,1,1], expected one number for each of",
        "decay               | [1,1,1,'1'] | decay has \"1\", expected numbers in (0, 1]",
        "decay               | [[1,1,1,1]] | decay has 1 lists, expected one for each of num_hidden",
        "decay               | [[1,1,1,1],[1,1,1]] | decay has [1,1,1], expected one number",
        "decay               | [[1,1,1,1],1] | decay has 1, expected one number for each of",
        "ridge               | -1          | ridge is -1.0, expected a finite number from 0",
        "ridge               | 1e999       | ridge is Infinity, expected a finite number from 0",
        "normalize           | 1           | normalize is 1, expected true or false",
        "normalize_epsilon   | -1          | normalize_epsilon is -1.0, expected a finite number",
        "scale               | 1e999       | scale is Infinity, expected a finite number",
        "scale               | '1'         | scale is \"1\", expected a number",
        "feature_map         | 'RELU'      | feature_map is \"RELU\", expected identity, relu, elu1",
        "norm_eps            | -1e-5       | norm_eps is -1.0E-5, expected a finite number from 0",
        "norm_eps            | true        | norm_eps is true, expected a number",
        "use_output_norm     | 'true'      | use_output_norm is \"true\", expected true or false",
        "gate_logit_normalizer | 0         | gate_logit_normalizer is 0.0, expected a finite number",
        "hidden_act          | 'gelu'      | hidden_act is \"gelu\", expected silu, swish",
        "tokenizer           | 'bytes'     | tokenizer is \"bytes\", expected an object with its",
        "tokenizer           | {}          | tokenizer has type , expected bytes, vocabulary",
        "tokenizer           | {'type':'none'} | tokenizer has type \"none\", expected bytes",
        "tokenizer           | {'type':'vocabulary'} | tokenizer of type vocabulary has no file",
        "tokenizer           | {'type':'bytes','file':'a'} | tokenizer of type bytes has a file",
        "tokenizer           | {'type':'vocabulary','file':'../a'} | tokenizer has file ../a",
        "tokenizer           | {'type':'vocabulary','file':'/etc/a'} | tokenizer has file /etc/a",
        "tokenizer           | {'type':'vocabulary','file':7} | tokenizer has file 7, expected a text",
        "tokenizer           | {'type':'bytes','x':1} | key tokenizer.x is not known",
        "rope_theta          | 10000       | key rope_theta is not known; expected none but",
        "attn_mode           | null        | key attn_mode is not known",
      })
  void refusesWhatAKeyMayNotBe(String key, String value, String message) {
    String json = SMALL.replaceFirst(",?'" + key + "':[^,]*", "") + ",'" + key + "':" + value;
    refused("HLA_MODEL_CONFIG", () -> read(json.replaceFirst("^,", "")))
        .hasMessageStartingWith("the/config.json: " + message);
  }

  @Test
  void refusesSettingsThatNoAttentionHas() {
    refused("HLA_MODEL_CONFIG", () -> read(REQUIRED + ",'operator':'ahla','ridge':1"))
        .hasMessageContaining("ridge: ridge 1.0 belongs to operator hla2");
    refused("HLA_MODEL_CONFIG", () -> read(REQUIRED + ",'program':'o = LA(q, k'"))
        .hasMessageContaining("program: program has the end at character 12, expected ,");
    refused(
            "HLA_MODEL_CONFIG",
            () -> read(REQUIRED + ",'normalize':true,'program':'o = LA(LA(q, k, v), v, v)'"))
        .hasMessageContaining("normalize: normalize needs an operator that is linear in v");
    String large = "u = LA(q,k,k)" + "+LA(q,k,k)".repeat(20) + "; w = LA(u,u,u); o = LA(q,w,v)";
    refused("HLA_MODEL_CONFIG", () -> read(REQUIRED + ",'program':'" + large + "'"))
        .hasMessageContaining("program: the program, or the summary of a segment under it, needs");
    refused(
            "HLA_MODEL_CONFIG",
            () -> read(REQUIRED + ",'program':'o = " + "LA(".repeat(1300) + "'"))
        .hasMessageContaining("at most 64 linear attentions inside each other");
    ModelConfig slow = read(SMALL + ",'decay':0.999999999");
    assertThat(slow.attention(0, Precision.MIXED).decay()).containsOnly(0.999999999);
    refused("HLA_MODEL_CONFIG", () -> slow.attention(0, Precision.FLOAT32))
        .hasMessageContaining("decay: decay of head 0 is 0.999999999, which float32 takes for 1.0");
    refused("HLA_MODEL_CONFIG", () -> read(SMALL.replace("300", "255") + BYTES))
        .hasMessageContaining("vocab_size is 255, expected at least the 256 of tokenizer bytes");
    assertThat(read(SMALL.replace("300", "256") + BYTES).vocabSize()).isEqualTo(256);
  }

  private static final String BYTES = ",'tokenizer':{'type':'bytes'}";

  @Test
  void refusesWhatIsNotOneObject() {
    for (String json :
        List.of("", " ", "7", "[]", "{", "{}}", "{} {}", "\ufeff{}", "{'a':1,'a':1}", "nope")) {
      refused("HLA_MODEL_CONFIG", () -> config(json.replace('\'', '"'), false));
    }
    byte[] latin =
        ("{" + SMALL + ",'_name_or_path':'\u00e9'}").getBytes(StandardCharsets.ISO_8859_1);
    refused(
            "HLA_MODEL_CONFIG",
            () -> ConfigReader.read("the/config.json", latin, false, ModelTokenizer.none()))
        .hasMessageContaining("the/config.json is not JSON");
  }

  @Test
  void otherKeysMayBeAllowed() {
    String json = "{" + SMALL + ",'rope_theta':{'a':[1]},'tokenizer':{'type':'bytes','x':1}}";
    assertThat(config(json.replace('\'', '"'), true).tokenizer().type())
        .isEqualTo(ModelTokenizer.Type.BYTES);
  }

  @Test
  void goesToExecutors() throws IOException, ClassNotFoundException {
    ModelConfig config = read(SMALL + BYTES + ",'decay':[0.5,1,1,1]");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(config);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(config);
    }
  }

  private static ModelConfig read(String keys) {
    return config("{" + keys.replace('\'', '"') + "}", false);
  }

  private static ModelConfig config(String json, boolean allowExtra) {
    return ConfigReader.read(
        "the/config.json",
        json.getBytes(StandardCharsets.UTF_8),
        allowExtra,
        ModelTokenizer.none());
  }
}
