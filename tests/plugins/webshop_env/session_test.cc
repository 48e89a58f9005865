#include "pages.h"
#include "small_shop.h"
#include "tests/support/catch.h"

using namespace ipr::test;
using namespace webshop;

namespace {

bool acts(Session& session, const std::string& action) {
  return session.act(action).valid;
}

// A session of the small shop that has opened `asin` (upper case) after searching `query`.
Session at_item(const Shop& shop, const std::string& query, const std::string& asin) {
  Session session = visit(shop);
  REQUIRE(acts(session, "search[" + query + "]"));
  REQUIRE(acts(session, "click[" + asin + "]"));
  return session;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an action is a greedy name and argument within the first line", "[webshop][session]") {
  const auto parts = [](std::string_view action) {
    const auto parsed = parse_action(action);
    return parsed ? std::string(parsed->name) + "|" + std::string(parsed->argument) : std::string("none");
  };
  CHECK(parts("search[a b]") == "search|a b");
  CHECK(parts("search[x] please") == "search|x");
  CHECK(parts("search[a][b]") == "search[a]|b");
  CHECK(parts("search[a]]") == "search|a]");
  CHECK(parts("search[a[b]") == "search[a|b");
  CHECK(parts("search[[b]") == "search[|b");
  CHECK(parts("click[Next >]\nthanks") == "click|Next >");
  CHECK(parts("\nsearch[x]") == "none");
  CHECK(parts("a[b]") == "a|b");
  for (const char* none : {"", "search", "search[]", "[x]", "search[x", "x]", "search[\nx]", "]a[b"})
    CHECK(parts(none) == "none");
}

TEST_CASE("names are case-sensitive, arguments are not", "[webshop][session]") {
  const auto shop = small_shop();
  Session session = visit(*shop);
  CHECK_FALSE(acts(session, "Search[lamp]"));
  CHECK_FALSE(acts(session, " search[lamp]"));
  CHECK(acts(session, "click[search]"));  // a button of the page, without effect
  CHECK(session.page() == Page::kIndex);
  CHECK(acts(session, "search[FLOOR Lamp]"));
  CHECK(url_of(session) == "/search_results/0/floor+lamp/1");
  CHECK(acts(session, "click[NEXT >]"));
}

TEST_CASE("pages run past both ends of the results", "[webshop][session]") {
  const auto shop = small_shop();
  Session session = visit(*shop);
  REQUIRE(acts(session, "search[lamp]"));
  CHECK(clickables(session).size() == 12);
  CHECK_FALSE(acts(session, "click[< prev]"));
  REQUIRE(acts(session, "click[next >]"));
  CHECK(clickables(session).size() == 6);
  REQUIRE(acts(session, "click[next >]"));
  CHECK(clickables(session) == std::vector<std::string>{"back to search", "< prev", "next >"});
  CHECK(contains(text_of(session), "Page 3 (Total results: 13) [SEP] < Prev [SEP] Next >"));
  CHECK(acts(session, "click[< prev]"));
  CHECK(session.page_number() == 2);
}

TEST_CASE("an item keeps its options on sub pages and loses them on the way back", "[webshop][session]") {
  const auto shop = small_shop();
  Session session = at_item(*shop, "odd", "oddoptions");
  REQUIRE(acts(session, "click[small]"));
  REQUIRE(acts(session, "click[blue | green]"));
  REQUIRE(acts(session, "click[small]"));
  CHECK(url_of(session) == "/item_page/0/ODDOPTIONS/odd/1/{\"size\": \"small\", \"color\": \"blue | green\"}");
  REQUIRE(acts(session, "click[Features]"));
  CHECK(url_of(session) == "/item_sub_page/0/ODDOPTIONS/odd/1/Features/{'size': 'small', 'color': 'blue | green'}");
  CHECK_FALSE(acts(session, "click[buy now]"));
  REQUIRE(acts(session, "click[< prev]"));
  CHECK(session.selections().size() == 2);
  REQUIRE(acts(session, "click[< prev]"));
  CHECK(session.page() == Page::kResults);
  CHECK(session.selections().empty());
  CHECK(session.options_clicked() == 2);
}

TEST_CASE("a value of two options sets the last one; a value named like a button is that button",
          "[webshop][session]") {
  const auto shop = small_shop();
  Session session = at_item(*shop, "odd", "ODDOPTIONS");
  CHECK(clickables(session) == std::vector<std::string>{"back to search", "< prev", "description", "features",
                                                        "reviews", "buy now", "red", "blue | green", "small", "next >",
                                                        "it's \"so\" <b>"});
  REQUIRE(acts(session, "click[red]"));
  CHECK(session.chosen_options() == ChosenOptions{{"size", "red"}});
  REQUIRE(acts(session, "click[next >]"));
  CHECK(session.chosen_options() == ChosenOptions{{"size", "next >"}});
  REQUIRE(acts(session, "click[description]"));
  CHECK(session.page() == Page::kSubPage);
}

TEST_CASE("a query with a page's name in it misleads the way back", "[webshop][session]") {
  const auto shop = small_shop();
  Session session = at_item(*shop, "odd search_results", "oddoptions");
  REQUIRE(acts(session, "click[next >]"));
  CHECK(session.page() == Page::kResults);
  CHECK(session.page_number() == 2);
  session = at_item(*shop, "odd search_results", "oddoptions");
  REQUIRE(acts(session, "click[< prev]"));
  CHECK(url_of(session) == "/search_results/0/odd+search_results/0");
  CHECK(session.shown().empty());
  CHECK_FALSE(acts(session, "click[< prev]"));
  session = at_item(*shop, "odd item_page", "oddoptions");
  REQUIRE(acts(session, "click[reviews]"));
  REQUIRE(acts(session, "click[< prev]"));
  CHECK(session.page() == Page::kResults);
}

TEST_CASE("special words list by category and query, and draw at random", "[webshop][session]") {
  const auto shop = small_shop();
  Session session = visit(*shop);
  const auto found = [&](const std::string& query) {
    REQUIRE(acts(session, "search[" + query + "]"));
    return session.hits().products.size();
  };
  CHECK(found("<c> home ignored") == 14);
  CHECK(found("<c>") == 0);
  CHECK(found("<c> garden") == 0);
  CHECK(found("<q>  No Title ") == 1);
  CHECK(found("<q>") == 0);
  CHECK(found("<a> bright") == 0);
  CHECK(found(" ") == 0);
  CHECK(url_of(session) == "/search_results/0/+/1");
  CHECK(found("<r>") == 14);
  const auto first = session.hits().products;
  REQUIRE(acts(session, "click[next >]"));
  CHECK(session.hits().products != first);  // the original searches again, and draws again
  Session again = visit(*shop);
  REQUIRE(acts(again, "search[<r>]"));
  CHECK(again.hits().products == first);
}

TEST_CASE("empty texts vanish, blank ones leave an empty part", "[webshop][pages]") {
  const auto shop = small_shop();
  Session session = visit(*shop);
  REQUIRE(acts(session, "search[<q> no title]"));
  CHECK(text_of(session) ==
        "Instruction: [SEP] " + session.goal().instruction +
            " [SEP] Back to Search [SEP] Page 1 (Total results: 1) [SEP] Next > [SEP] ODDTEXTS [SEP] $27.0");
  REQUIRE(acts(session, "click[oddtexts]"));
  REQUIRE(acts(session, "click[features]"));
  CHECK(contains(text_of(session), "< Prev [SEP]  [SEP] wide  gap"));
  CHECK(contains(rich_of(session), "[button] < Prev [button_]\n \n wide  gap \n"));
  REQUIRE(acts(session, "click[< prev]"));
  REQUIRE(acts(session, "click[description]"));
  CHECK(text_of(session).ends_with("< Prev"));
}

TEST_CASE("the rich text marks clicked options and visited products", "[webshop][pages]") {
  const auto shop = small_shop();
  Session session = at_item(*shop, "odd", "oddoptions");
  REQUIRE(acts(session, "click[small]"));
  CHECK(rich_of(session).starts_with("You have clicked small.\nInstruction:\n"));
  CHECK(contains(rich_of(session), "\n  [clicked button] small [clicked button_]\n  [button] description [button_]\n"));
  REQUIRE(acts(session, "click[it's \"so\" <b>]"));
  CHECK_FALSE(contains(rich_of(session), "[clicked button] it's"));  // its quotes are escaped in the address
  REQUIRE(acts(session, "click[< prev]"));
  CHECK(contains(rich_of(session), "\n\n[clicked button] ODDOPTIONS [clicked button_]\n"));
  REQUIRE(acts(session, "search[odd]"));
  CHECK(contains(rich_of(session), "[clicked button] ODDOPTIONS"));
  REQUIRE(acts(session, "click[back to search]"));
  REQUIRE(acts(session, "search[odd]"));
  CHECK_FALSE(contains(rich_of(session), "[clicked button]"));
}

TEST_CASE("a purchase pays, shows its page, and a search goes on from there", "[webshop][session]") {
  const auto shop = small_shop();
  Session session = at_item(*shop, "odd", "oddoptions");
  REQUIRE(acts(session, "click[it's \"so\" <b>]"));
  REQUIRE(acts(session, "click[red]"));
  REQUIRE(acts(session, "click[it's \"so\" <b>]"));
  const StepResult bought = session.act("click[Buy Now]");
  REQUIRE(bought.purchase);
  CHECK(session.bought());
  CHECK(session.paid() == bought.purchase->reward);
  CHECK(bought.page_score == session.paid());
  CHECK(clickables(session).empty());
  CHECK(url_of(session) == "/done/0/ODDOPTIONS/{'size': 'it\\'s \"so\" <b>'}");
  CHECK(contains(text_of(session), R"(options [SEP] {"size": "it\u0027s \"so\" \u003cb\u003e"} [SEP] attrs)"));
  const StepResult after = session.act("click[Buy Now]");
  CHECK_FALSE(after.valid);
  CHECK(after.page_score == 0);
  CHECK(session.bought());
  CHECK(acts(session, "search[lamp]"));
  CHECK_FALSE(session.bought());
  CHECK(session.paid() == 0);
}

TEST_CASE("page scores follow the page", "[webshop][session]") {
  const auto shop = small_shop();
  Session session = visit(*shop);
  CHECK(session.act("search[odd]").page_score > 0);
  const double open = session.act("click[oddoptions]").page_score;
  CHECK(open == 1);
  CHECK(session.act("click[blue | green]").page_score == 1);
  CHECK(session.act("click[small]").page_score < 1);
  CHECK(session.act("click[description]").page_score == 0);
  CHECK(session.act("click[< prev]").page_score < 1);
  CHECK(session.act("nonsense").page_score == 0);
  CHECK(session.act("click[back to search]").page_score == 0);
}
