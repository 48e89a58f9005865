#include "core/text/tokenizer.h"

#include <algorithm>
#include <set>
#include <thread>

#include "core/base/strings.h"
#include "core/text/bpe.h"
#include "core/text/bpe_train.h"
#include "core/text/byte_level.h"
#include "tests/support/catch.h"
#include "tests/text/texts.h"

using namespace ipr;
using namespace ipr::text;

namespace {

using Ids = std::vector<std::int32_t>;

TrainOptions shop_options() {
  TrainOptions options;
  options.special_tokens = {"<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"};
  options.added_tokens = {" [SEP] "};
  return options;
}

Tokenizer shop_tokenizer() {
  return Tokenizer::train(test::shop_texts(1, 200), shop_options());
}

bool contains(const Ids& ids, std::int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

TEST_CASE("the byte alphabet names every byte once and reads back", "[text]") {
  std::set<std::string> symbols;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    symbols.insert(byte_symbol(static_cast<std::uint8_t>(byte)));
    all += static_cast<char>(byte);
  }
  CHECK(symbols.size() == 256);
  CHECK(from_symbols(to_symbols(all)) == all);
  CHECK(byte_symbol(' ') == "Ġ");
  CHECK(byte_symbol('\n') == "Ċ");
  CHECK_FALSE(from_symbols("a b").has_value());
  CHECK_FALSE(from_symbols("日").has_value());
  CHECK_FALSE(from_symbols("\xC4").has_value());
}

TEST_CASE("decoding gives back every valid text", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  Rng rng(11);
  for (int i = 0; i < 500; ++i) {
    const std::string text = test::random_text(rng, 40);
    CAPTURE(text);
    CHECK(tokenizer.decode(tokenizer.encode(text), /*keep_special=*/true) == text);
    CHECK(tokenizer.decode(tokenizer.encode_ordinary(text)) == text);
  }
  CHECK(tokenizer.encode("").empty());
  CHECK(tokenizer.decode({}).empty());
}

TEST_CASE("bytes that are no UTF-8 are read as U+FFFD", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  Rng rng(12);
  for (int i = 0; i < 200; ++i) {
    std::string bytes;
    for (std::uint64_t left = rng.below(60); left > 0; --left) bytes += static_cast<char>(rng.below(256));
    CAPTURE(i);
    CHECK(tokenizer.decode(tokenizer.encode(bytes), true) == valid_utf8(bytes));
  }
  const std::string zero("a\0b", 3);
  CHECK(tokenizer.decode(tokenizer.encode(zero)) == zero);
}

TEST_CASE("any ids decode to valid UTF-8", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  Rng rng(13);
  for (int i = 0; i < 200; ++i) {
    Ids ids;
    for (int k = 0; k < 20; ++k) ids.push_back(static_cast<std::int32_t>(rng.below(1200)) - 100);
    const std::string text = tokenizer.decode(ids);
    CHECK(valid_utf8(text) == text);
  }
}

TEST_CASE("equal texts train equal tokenizers, in the size asked for", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  CHECK(tokenizer.to_json() == shop_tokenizer().to_json());
  CHECK(tokenizer.vocab_size() <= 768);
  auto options = shop_options();
  options.vocab_size = 300;
  CHECK(Tokenizer::train(test::shop_texts(1, 200), options).vocab_size() == 300);
  options.vocab_size = 10;  // bytes and added tokens are always there
  CHECK(Tokenizer::train(test::shop_texts(1, 200), options).vocab_size() == 261);
  CHECK(Tokenizer::train({}, shop_options()).vocab_size() == 261);
}

TEST_CASE("special tokens come first, then added ones, then bytes", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  CHECK(tokenizer.token_id("<|pad|>") == 0);
  CHECK(tokenizer.token_id("<|end|>") == 3);
  CHECK(tokenizer.token_id(" [SEP] ") == 4);
  CHECK(tokenizer.token_id("!") == 5);
  CHECK(tokenizer.token_id("Ġ") < 261);
  CHECK_FALSE(tokenizer.token_id("no such token").has_value());
}

TEST_CASE("a separator token lets an id read the same on the page and in a click", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  const Ids page = tokenizer.encode("Search [SEP] BCDF [SEP] slim");
  const Ids id = tokenizer.encode("BCDF");
  const auto separator = std::find(page.begin(), page.end(), *tokenizer.token_id(" [SEP] "));
  REQUIRE(separator != page.end());
  CHECK(std::equal(id.begin(), id.end(), separator + 1));
  const Ids click = tokenizer.encode("click[BCDF]");
  CHECK(std::search(click.begin(), click.end(), id.begin(), id.end()) != click.end());
}

TEST_CASE("control tokens count in raw text and are ordinary characters in what others wrote", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  const std::int32_t end = *tokenizer.token_id("<|end|>");
  const std::int32_t separator = *tokenizer.token_id(" [SEP] ");
  const std::string text = "a [SEP] b<|end|>c";
  CHECK(contains(tokenizer.encode(text), end));
  CHECK(tokenizer.decode(tokenizer.encode(text)) == "a [SEP] bc");
  CHECK(tokenizer.decode(tokenizer.encode(text), /*keep_special=*/true) == text);
  const Ids ordinary = tokenizer.encode_ordinary(text);
  CHECK_FALSE(contains(ordinary, end));
  CHECK(contains(ordinary, separator));
  CHECK(tokenizer.decode(ordinary) == text);
}

TEST_CASE("of added tokens at one place the longest is taken, of overlapping ones the leftmost", "[text]") {
  TrainOptions options;
  options.added_tokens = {"ab", "abc", "cd"};
  const Tokenizer tokenizer = Tokenizer::train({}, options);
  CHECK(tokenizer.encode("abcd") == Ids{1, *tokenizer.token_id("d")});
  CHECK(tokenizer.encode("abd") == Ids{0, *tokenizer.token_id("d")});
  CHECK(tokenizer.encode("abab") == Ids{0, 0});
  CHECK(tokenizer.encode("acd") == Ids{*tokenizer.token_id("a"), 2});
}

TEST_CASE("an added token that reads like a token of the alphabet stays one token", "[text]") {
  TrainOptions options;
  options.added_tokens = {"a", "Ġthe", "", "a"};
  const std::vector<std::string> texts(5, "in the hall the cat");
  const Tokenizer tokenizer = Tokenizer::train(texts, options);
  CHECK(tokenizer.token_id("a") == 0);
  CHECK(tokenizer.decode(tokenizer.encode("a the Ġthe cat")) == "a the Ġthe cat");
}

TEST_CASE("every digit is its own token after training", "[text]") {
  const std::vector<std::string> texts(50, "price 1234 and 1234");
  const Tokenizer tokenizer = Tokenizer::train(texts, {});
  CHECK(tokenizer.encode("1234").size() == 4);
  CHECK(tokenizer.encode("price").size() == 1);
}

TEST_CASE("the mix split keeps a quoted word together and punctuation with its blanks", "[text]") {
  const std::vector<std::string> texts(50, "where color = 'red' and size > 42");
  TrainOptions options;
  options.split = WordSplit::kMix;
  const Tokenizer tokenizer = Tokenizer::train(texts, options);
  CHECK(tokenizer.token_id("red").has_value());
  CHECK(tokenizer.token_id("Ġ=Ġ'").has_value());
  CHECK(tokenizer.token_id("Ġ42").has_value());
  const Tokenizer gpt2 = Tokenizer::train(texts, {});
  CHECK_FALSE(gpt2.token_id("Ġ=Ġ'").has_value());
}

TEST_CASE("merges are learned by frequency, ties by the smaller pair", "[text]") {
  std::array<std::int32_t, 256> byte_ids{};
  for (int byte = 0; byte < 256; ++byte) byte_ids[byte] = byte;
  // Sennrich et al. 2016, Algorithm 1: es, est, then (here without the end-of-word sign) lo, low.
  const std::map<std::string, std::int64_t> pieces = {{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}};
  const auto merges = learn_merges(pieces, byte_ids, {}, 256, 4);
  REQUIRE(merges.size() == 4);
  CHECK((merges[0].left == 'e' && merges[0].right == 's' && merges[0].merged == 256));
  CHECK((merges[1].left == 256 && merges[1].right == 't'));
  CHECK((merges[2].left == 'l' && merges[2].right == 'o'));
  CHECK((merges[3].left == 258 && merges[3].right == 'w'));
  CHECK(learn_merges({{"ab", 1}}, byte_ids, {}, 256, 4).empty());
}

TEST_CASE("the trainer's incremental counts equal counting anew before every merge", "[text]") {
  std::array<std::int32_t, 256> byte_ids{};
  for (int byte = 0; byte < 256; ++byte) byte_ids[byte] = byte;
  Rng rng(5);
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, std::int64_t> pieces;
    for (int i = 0; i < 30; ++i) {
      std::string piece;
      for (std::uint64_t left = 1 + rng.below(12); left > 0; --left) piece += static_cast<char>('a' + rng.below(3));
      pieces[piece] += static_cast<std::int64_t>(1 + rng.below(9));
    }
    std::vector<std::pair<Ids, std::int64_t>> words;
    for (const auto& [piece, count] : pieces) words.push_back({Ids(piece.begin(), piece.end()), count});
    for (const Merge& merge : learn_merges(pieces, byte_ids, {}, 256, 40)) {
      std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> counts;
      for (const auto& [ids, count] : words) {
        for (std::size_t i = 0; i + 1 < ids.size(); ++i) counts[{ids[i], ids[i + 1]}] += count;
      }
      for (const auto& [pair, count] : counts) {
        const std::int64_t chosen = counts[{merge.left, merge.right}];
        REQUIRE(count <= chosen);
        if (count == chosen) REQUIRE(std::pair(merge.left, merge.right) <= pair);
      }
      for (auto& [ids, count] : words) {
        Ids merged;
        for (std::size_t i = 0; i < ids.size(); ++i) {
          const bool here = i + 1 < ids.size() && ids[i] == merge.left && ids[i + 1] == merge.right;
          merged.push_back(here ? merge.merged : ids[i]);
          i += here ? 1 : 0;
        }
        ids = merged;
      }
    }
  }
}

TEST_CASE("long and short pieces are merged alike", "[text]") {
  // One rule per rank over a small alphabet; a naive encoder is the judge.
  std::array<std::int32_t, 256> byte_ids{};
  for (int byte = 0; byte < 256; ++byte) byte_ids[byte] = byte;
  const std::vector<Merge> merges = {
      {'a', 'b', 256}, {256, 'a', 257}, {'b', 'b', 258}, {257, 258, 259}, {'a', 'a', 260}};
  std::vector<RankedMerge> ranked;
  for (const Merge& merge : merges) ranked.push_back({merge, static_cast<std::uint32_t>(ranked.size())});
  const Bpe bpe(byte_ids, ranked, {}, false, {});
  Rng rng(3);
  for (int round = 0; round < 200; ++round) {
    std::string piece;
    for (std::uint64_t left = 1 + rng.below(150); left > 0; --left) piece += static_cast<char>('a' + rng.below(2));
    Ids naive(piece.begin(), piece.end());
    for (bool changed = true; changed;) {
      changed = false;
      for (const Merge& merge : merges) {
        for (std::size_t i = 0; i + 1 < naive.size() && !changed; ++i) {
          if (naive[i] != merge.left || naive[i + 1] != merge.right) continue;
          naive[i] = merge.merged;
          naive.erase(naive.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          changed = true;
        }
        if (changed) break;
      }
    }
    Ids ids;
    bpe.encode(piece, ids);
    CAPTURE(piece);
    CHECK(ids == naive);
  }
}

TEST_CASE("a mebibyte of anything is encoded", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  constexpr std::size_t kMebibyte = 1 << 20;
  const std::string blanks = std::string(kMebibyte, ' ') + "x";
  std::string mixed;
  for (Rng rng(9); mixed.size() < kMebibyte;) mixed += test::random_text(rng, 200);
  for (const std::string& text : {std::string(kMebibyte, 'a'), std::string(kMebibyte, '7'), blanks, mixed}) {
    CHECK(tokenizer.decode(tokenizer.encode(text), true) == text);
  }
}

TEST_CASE("many threads share one tokenizer", "[text]") {
  const Tokenizer tokenizer = shop_tokenizer();
  const std::vector<std::string> texts = test::shop_texts(4, 50);
  std::vector<Ids> expected;
  for (const std::string& text : texts) expected.push_back(tokenizer.encode(text));
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < texts.size(); ++i) wrong[t] += tokenizer.encode(texts[i]) == expected[i] ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}
