#include <sys/resource.h>
#include <csignal>

#include <filesystem>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/host_memory.h"
#include "core/base/json.h"
#include "core/base/rng.h"
#include "core/base/strings.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;

TEST_CASE("SHA-256 answers the vectors of FIPS 180-4", "[base]") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a JSON error names file, line and column", "[base]") {
  const auto parsed = parse_json("{\n  \"a\": 1,\n  \"b\": nope\n}", "x.json");
  REQUIRE_FALSE(parsed.ok());
  CHECK(parsed.status().code() == Code::kData);
  CHECK(parsed.status().message().find("x.json: line 3, column 9") == 0);
  const auto endless = parse_json("[\"" + std::string(5000, 'a') + "é", "x.json").status();
  CHECK(endless.message().find("missing closing quote") != std::string::npos);
  CHECK(endless.message().size() < 300);
  CHECK(valid_utf8(endless.message()) == endless.message());
  CHECK(parse_json("nope", "x.json").status().message().find("x.json: line 1, column") == 0);
  CHECK(parse_json_line("nope", "x.jsonl: line 12").status().message().find("x.jsonl: line 12: column") == 0);
}

TEST_CASE("a written file is replaced whole, or not at all", "[base]") {
  const test::TempFolder folder;
  const std::string path = folder.file("a.txt");
  REQUIRE(write_file(path, "old").ok());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);  // a file size limit plays the full disk
  rlimit tight = before;
  tight.rlim_cur = 100;
  ::setrlimit(RLIMIT_FSIZE, &tight);
  const Status status = write_file(path, std::string(1000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  CHECK(status.code() == Code::kFailed);
  CHECK(read_file(path).value() == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a misspelt name is answered with the nearest one", "[base]") {
  CHECK(nearest("webshpo", {"alfworld", "webshop", "gridworld"}) == "webshop");
  CHECK(nearest("batch_size", {"betas", "batch_unit", "batch"}) == "batch");
  CHECK(nearest("train-scorerr", {"train", "train-scorer"}) == "train-scorer");
  CHECK(did_you_mean("zzz", {"mc", "rm"}) == "; known: mc, rm");
}

TEST_CASE("invalid UTF-8 is replaced byte by byte, valid text is kept", "[base]") {
  CHECK(valid_utf8("a\xC3\xA9\xF0\x9F\x98\x80") == "a\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(valid_utf8("\xFFx\xC3") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
  CHECK(valid_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("JSON of nothing but brackets is refused, brackets in strings and comments are not counted", "[base][json]") {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  CHECK(parse_json(nested(500), "f").ok());
  const auto deep = parse_json("{\n\"a\":" + nested(500) + "}", "f");
  REQUIRE_FALSE(deep.ok());
  CHECK(deep.status().message() == "f: line 2, column 504: nested deeper than 500 levels");
  CHECK_FALSE(parse_json(std::string(1'000'000, '['), "f").ok());
  CHECK_FALSE(parse_json_line(std::string(1'000'000, '{'), "f").ok());
  CHECK(parse_json("[\"\\\"" + std::string(600, '[') + "\"]", "f").ok());
  CHECK(parse_json("/* " + std::string(600, '[') + " \" */ [1] // " + std::string(600, '{'), "f", true).ok());
}

TEST_CASE("seeds are mixed by order and value", "[base]") {
  CHECK(mix(1, 2, 3) != mix(1, 3, 2));
  CHECK(mix(1, 2) == ipr_mix64(1, 2));
  Rng rng(7);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) sum += rng.uniform();
  CHECK(sum / 10000 == Approx(0.5).margin(0.02));
}

TEST_CASE("the machine has some memory left, and not more than there is", "[base]") {
  CHECK(available_memory() > 0);
  CHECK(available_memory() < std::int64_t{1} << 50);
}
