// Tokenizers trained by sentencepiece and Hugging Face's tokenizers, with their own ids: make_tokenizer_goldens.py.
#include "tests/support/catch.h"
#include "tests/text/tokenizer_goldens.h"

TEST_CASE("ids and texts equal those of sentencepiece and tokenizers", "[text][golden]") {
  ipr::test::check_tokenizer_goldens(IPR_TEXT_DATA "/tokenizer_goldens.json.gz");
}
