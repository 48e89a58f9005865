#include "core/report/html_report.h"

#include <cmath>
#include <pugixml.hpp>
#include <set>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/base/strings.h"
#include "core/report/html_page.h"
#include "core/report/svg.h"
#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;
using ipr::test::open_record;

namespace {

// Parsed as strictly as pugixml can, white space kept.
void parse(pugi::xml_document& document, const std::string& page) {
  const auto result = document.load_buffer(page.data(), page.size(), pugi::parse_default | pugi::parse_ws_pcdata);
  INFO(result.description() << " at " << result.offset);
  REQUIRE(result);
}

std::set<std::string> section_ids(const pugi::xml_document& page) {
  std::set<std::string> ids;
  for (const auto& node : page.select_nodes("//section")) ids.insert(node.node().attribute("id").value());
  return ids;
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const auto& found : node.select_nodes(".//text()")) text += found.node().value();
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

store::Turn turn(const std::string& message, const std::string& observation, double progress, bool valid = true) {
  store::Turn made;
  made.message = message;
  made.observation = observation;
  made.progress = progress;
  made.valid = valid;
  return made;
}

// A whole small run: two splits, three policies, curves, pairs, scores, cost.
void fill(store::RunStore& record) {
  auto unit = record.begin();
  must(unit.status());
  Rng rng(4);
  const char* policies[] = {"sft", "iter-1", "iter-2"};
  for (int iteration = 0; iteration < 3; ++iteration) {
    must(record.put_policy({policies[iteration], iteration, "", "", iteration == 2, false}));
    for (const char* split : {"dev", "test"}) {
      for (int task = 0; task < 60; ++task) {
        store::Episode e;
        e.stage = store::kEval;
        e.iteration = iteration;
        e.policy = policies[iteration];
        e.split = split;
        e.task_id = "synthetic:" + std::to_string(task);
        e.outcome = std::floor(4 * std::min(0.99, 0.5 * rng.uniform() + 0.15 * iteration + 0.2)) / 4;
        e.success = e.outcome > 0;
        e.exit_status = e.success ? "ok" : "max_steps";
        e.extra_json = R"({"bought":1,"options":1.5})";
        must(record.add_episode(e).status());
      }
    }
  }
  store::Episode expert;
  expert.stage = store::kExpert;
  expert.policy = "expert";
  expert.split = "train";
  expert.task_id = "synthetic:900";
  expert.first_observation = "Instruction: find a red cotton shirt in size large, price lower than 40 dollars";
  expert.outcome = 1;
  expert.turns = {
      turn("Thought: i need a shirt.\nAction: search[red cotton shirt]",
           "Back to Search [SEP] Page 1 " + std::string(600, '.'), 0.25),
      turn("Thought: it is the first.\nAction: click[B0AAAA]", "Title: red shirt [SEP] size: small, large", 0.5),
      turn("Thought: size.\nAction: click[large]", "You have clicked large.", 0.75),
      turn("Thought: done.\nAction: click[buy now]", "Your score is 1.0", 1)};
  const auto expert_id = record.add_episode(expert);
  must(expert_id.status());
  store::Episode agent = expert;
  agent.stage = store::kExplore;
  agent.iteration = 2;
  agent.policy = "iter-1";
  agent.parent_id = *expert_id;
  agent.prefix_turns = 2;
  agent.outcome = 0.5;
  agent.turns[2] = turn("Thought: done.\nAction: click[buy now]", "Your score is 0.5", 0.5, false);
  agent.turns.pop_back();
  const auto agent_id = record.add_episode(agent);
  must(agent_id.status());
  for (int t = 0; t < 4; ++t) must(record.put_score({*expert_id, t, "mc", "h", 0.6 + 0.1 * t, 0.05, t == 3 ? 0 : 5}));
  for (int t = 0; t < 3; ++t) must(record.put_score({*agent_id, t, "mc", "h", 0.6 - 0.05 * t, 0.05, t == 2 ? 0 : 5}));
  store::Pair pair;
  pair.task_id = "synthetic:900";
  pair.winner_id = *expert_id;
  pair.loser_id = *agent_id;
  pair.winner_end = 4;
  pair.loser_end = 3;
  pair.outcome_gap = 0.5;
  store::Pair step = pair;
  pair.kind = "outcome";
  step.kind = "step";
  step.turn = 2;
  step.step_gap = 0.3;
  must(record.replace_pairs(1, {pair, pair, step}));
  must(record.replace_pairs(2, {pair, step, step, step}));
  for (int i = 0; i < 400; ++i) {
    must(record.put_metric({0, "sft", i, "loss", 3 * std::exp(-i / 80.0) + 0.3 + 0.1 * rng.uniform()}));
  }
  for (int i = 0; i < 40; ++i) {
    for (int iteration = 1; iteration < 3; ++iteration) {
      must(record.put_metric({iteration, "train", i, "loss", 0.69 - 0.004 * i * iteration + 0.02 * rng.uniform()}));
      must(record.put_metric({iteration, "train", i, "margin", 0.01 * i * iteration}));
    }
  }
  must(record.put_metric({1, "pairs", 0, "candidates", 120}));
  must(record.put_metric({2, "pairs", 0, "candidates", 140}));
  must(record.put_metric({1, "pairs", 0, "alone", 1}));
  must(record.add_cost({1, store::kExplore, 200, 90000, 40000, 800, 12000, 11.5}));
  must(record.add_cost({1, store::kMonteCarlo, 1600, 900000, 80000, 4000, 40000, 31.25}));
  must(unit->commit());
}

ReportInput input_for(store::RunStore& record) {
  ReportInput input;
  input.run = {"webshop-mc-ipr-0123abcd", "webshop", "5f2c…", &record};
  input.table.splits = {"test"};
  input.command = "ipr-host --env webshop --scorer mc";
  input.facts = {{"model", "mini"}, {"seed", "1"}};
  input.settings = {{"samples", "5", "default", ""}, {"sft.train.lr", "0.002", "model mini", "2e-05"}};
  input.notes = {"Rewards are outcome rewards.", "Licence: Apache-2.0."};
  return input;
}

}  // namespace

TEST_CASE("the page of a run parses back and has all its parts", "[report][html]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  fill(record);
  const auto made = make_html_report(input_for(record));
  REQUIRE(made.ok());
  pugi::xml_document page;
  parse(page, *made);
  CHECK(made->rfind("<!DOCTYPE html>", 0) == 0);
  CHECK(section_ids(page) == std::set<std::string>{"results", "curve", "checks", "endings", "training", "pairs",
                                                   "trajectories", "cost", "settings", "notes"});
  for (const auto& link : page.select_nodes("//nav/a")) {
    CHECK(section_ids(page).contains(std::string(link.node().attribute("href").value()).substr(1)));
  }
  const Leaderboard table = *make_leaderboard({input_for(record).run}, input_for(record).table);
  CHECK(text_of(page.select_node("//p[@class='verdict']").node()) == verdict(table));
  CHECK(page.select_nodes("//section[@id='results']//tbody/tr").size() == 3);
  CHECK(page.select_nodes("//section[@id='results']//tr[@class='chosen']").size() == 1);
  // One plot each: sft loss, train loss, train margin, pair candidates; a single value makes none.
  CHECK(page.select_nodes("//section[@id='training']//*[local-name()='svg']").size() == 4);
  // Pairs by iteration and by turn, then step rewards of each of four turns.
  CHECK(page.select_nodes("//section[@id='pairs']//*[local-name()='svg']").size() == 2 + 4);
  CHECK(page.select_nodes("//section[@id='settings']//tr[@class='differs']").size() == 1);
  CHECK(*make_html_report(input_for(record)) == *made);
  // For a look at it: IPR_REPORT_TO=FILE.
  if (const char* path = std::getenv("IPR_REPORT_TO")) must(write_file(path, *made));
}

TEST_CASE("reward curves show each policy's mean and interval", "[report][html]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  fill(record);
  pugi::xml_document page;
  parse(page, *make_html_report(input_for(record)));
  const auto svg = page.select_node("//section[@id='curve']//*[local-name()='svg']").node();
  REQUIRE(svg);
  CHECK(svg.select_nodes(".//*[starts-with(@class,'mark')]").size() == 2 * 3 + 2);  // points, legend
  CHECK(svg.select_nodes(".//*[local-name()='line' and starts-with(@class,'line')]").size() == 2 * 3 * 3);
  const auto plots = page.select_nodes("//section[@id='curve']//*[local-name()='svg']");
  REQUIRE(plots.size() == 2);  // the second: differences to the start, which itself has none
  CHECK(plots[1].node().select_nodes(".//*[starts-with(@class,'mark')]").size() == 2 * 2 + 2);
  CHECK(plots[1].node().select_nodes(".//*[@class='level']").size() == 1);
}

TEST_CASE("expert and agent stand side by side with their step rewards", "[report][html]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  fill(record);
  pugi::xml_document page;
  parse(page, *make_html_report(input_for(record)));
  const auto pairs = page.select_nodes("//section[@id='trajectories']//div[@class='pair']");
  REQUIRE(pairs.size() == 2);
  CHECK(page.select_nodes("//details[@class='trajectories' and @open]").size() == 1);  // the rest behind a click
  const auto step = pairs[0].node();
  CHECK(step.select_nodes(".//article").size() == 4 + 3);
  CHECK(step.select_nodes(".//article[contains(@class,'shared')]").size() == 2 * 2);
  CHECK(step.select_nodes(".//article[contains(@class,'parts')]").size() == 2);  // turn 3 of each
  CHECK(contains(text_of(step.select_node(".//article[contains(@class,'parts')]").node()), "here they part"));
  const std::string text = text_of(step);
  CHECK(contains(text, "step reward 0.80 (N 5, ±0.10)"));
  CHECK(contains(text, "step reward 0.90 (the outcome)"));
  CHECK(contains(text, "Action: click[buy now]"));
  CHECK(contains(text, "not valid"));
  CHECK(contains(text_of(page.select_node("//section[@id='trajectories']").node()), "by +0.30 in step reward"));
}

TEST_CASE("hostile text stays text", "[report][html]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  const std::string hostile =
      "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; ]]> --> \"'></meta> \x01\x1b[31m\xFF\xEF\xBF\xBF" +
      std::string(1, '\0') + "end";
  fill(record);
  store::Episode e;
  e.stage = store::kEval;
  e.policy = e.split = e.task_id = e.exit_status = hostile;
  must(record.add_episode(e).status());
  must(record.put_policy({hostile, 0, "", "", false, false}));
  e.stage = store::kExpert;
  e.iteration = 3;
  e.first_observation = hostile + std::string(1000, 'x');
  e.turns = {turn(hostile, hostile + std::string(1000, 'y'), 0), turn("", hostile, 0)};
  e.turns[1].action = hostile;
  const auto id = record.add_episode(e);
  must(id.status());
  store::Pair pair;
  pair.kind = "step";
  pair.task_id = hostile;
  pair.winner_id = pair.loser_id = *id;
  pair.step_gap = 9;
  must(record.replace_pairs(3, {pair}));
  pair.kind = hostile;
  must(record.replace_pairs(4, {pair}));
  must(record.put_metric({0, hostile, 0, hostile, 1}));
  must(record.put_metric({0, hostile, 1, hostile, 2}));
  must(record.add_cost({0, hostile, 1, 1, 1, 1, 1, 1}));
  ReportInput input = input_for(record);
  input.table.splits.clear();
  input.run.run = input.run.env = input.run.panel = input.command = input.method = hostile;
  input.facts = {{hostile, hostile}};
  input.settings = {{hostile, hostile, hostile, hostile}};
  input.notes = {hostile};
  const auto made = make_html_report(input);
  REQUIRE(made.ok());
  CHECK_FALSE(contains(*made, "<script"));
  CHECK_FALSE(contains(*made, "<img"));
  CHECK(contains(*made, "&lt;script&gt;"));
  for (const char c : *made) CHECK_FALSE((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'));
  CHECK_FALSE(contains(*made, "&#"));  // no character references to what XML forbids
  CHECK(valid_utf8(*made) == *made);
  pugi::xml_document page;
  parse(page, *made);
  CHECK(page.select_nodes("//script").empty());
  CHECK(page.select_nodes("//img").empty());
  CHECK(contains(text_of(page.select_node("//section[@id='notes']").node()),
                 "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; ]]> --> \"'></meta> "
                 "\xE2\x90\x81\xE2\x90\x9B[31m\xEF\xBF\xBD\xEF\xBF\xBD\xE2\x90\x80"
                 "end"));
}

TEST_CASE("the page loads nothing from elsewhere and has no script", "[report][html]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  fill(record);
  pugi::xml_document page;
  parse(page, *make_html_report(input_for(record)));
  CHECK(page.select_nodes("//script | //link | //img | //iframe | //object").empty());
  CHECK(page.select_nodes("//@src").empty());
  for (const auto& link : page.select_nodes("//@href")) CHECK(link.attribute().value()[0] == '#');
  const std::string style = page.select_node("//style").node().text().get();
  CHECK_FALSE(contains(style, "url("));
  CHECK_FALSE(contains(style, "@import"));
  CHECK(contains(style, "prefers-color-scheme:dark"));
  CHECK(style.find_first_of("<>&") == std::string::npos);
}

TEST_CASE("a run that has only begun has a page without the missing parts", "[report][html]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  ReportInput input;
  input.run = {"empty", "webshop", "", &record};
  auto made = make_html_report(input);
  REQUIRE(made.ok());
  pugi::xml_document page;
  parse(page, *made);
  CHECK(section_ids(page).empty());
  store::Episode e;
  e.stage = store::kEval;
  e.policy = "sft";
  e.turns = {turn("Action: look", "dark", store::kNone)};
  must(record.add_episode(e).status());
  made = make_html_report(input);
  REQUIRE(made.ok());
  parse(page, *made);
  CHECK(section_ids(page) == std::set<std::string>{"results", "endings", "trajectories"});
}

TEST_CASE("empty elements are closed as HTML parsers need it", "[report][html]") {
  pugi::xml_document document;
  pugi::xml_node main = start_page(document, "t");
  add(main, "td");
  CHECK(contains(to_html(document), "<td></td>"));
  CHECK(contains(to_html(document), "<meta charset=\"utf-8\"/>"));
}

TEST_CASE("ticks are round numbers inside the range", "[report][svg]") {
  const auto near = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return std::abs(x - y) < 1e-12; });
  };
  CHECK(near(round_ticks(0, 1, 5), {0, 0.2, 0.4, 0.6, 0.8, 1.0}));
  CHECK(near(round_ticks(-0.07, 0.11, 4), {-0.05, 0, 0.05, 0.1}));
  CHECK(near(round_ticks(0, 3, 7), {0, 0.5, 1, 1.5, 2, 2.5, 3}));
  CHECK(near(round_ticks(1180, 4510, 5), {2000, 3000, 4000}));
  for (const auto& [low, high] :
       std::vector<std::pair<double, double>>{{1e-9, 3e-9}, {-1e12, 1e12}, {0.1, 0.1 + 1e-12}}) {
    const auto ticks = round_ticks(low, high, 5);
    CHECK(ticks.size() <= 12);
  }
}

TEST_CASE("plots stand odd values: nothing, one point, equal values, gaps, infinities", "[report][svg]") {
  pugi::xml_document document;
  pugi::xml_node parent = document.append_child("figure");
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const auto plot_of = [&](std::vector<Point> points) {
    LinePlot plot;
    plot.series = {{"one", std::move(points)}};
    return add_line_plot(parent, plot);
  };
  CHECK(plot_of({}).empty());
  CHECK(plot_of({{nan, 1, {}}, {1, inf, {}}}).empty());
  CHECK_FALSE(plot_of({{1, 0, {}}}).empty());
  CHECK_FALSE(plot_of({{1, 5, Interval{-inf, nan}}, {2, 5, {}}}).empty());
  const auto gap = plot_of({{0, 0, {}}, {1, nan, {}}, {2, 1, {}}, {3, 2, {}}});
  const std::string path = gap.select_node(".//*[@class='line s0']").node().attribute("d").value();
  CHECK(std::count(path.begin(), path.end(), 'M') == 2);
  CHECK(std::count(path.begin(), path.end(), 'L') == 1);
  BarPlot bars;
  CHECK(add_bar_plot(parent, bars).empty());
  bars.labels = {"a", "b"};
  bars.series = {{"x", {0, nan}}, {"y", {3}}};
  const auto svg = add_bar_plot(parent, bars);
  CHECK(svg.select_nodes(".//*[local-name()='rect' and @height!='10']").size() == 1);
  std::ostringstream out;
  document.save(out);
  CHECK_FALSE(contains(out.str(), "nan"));
  CHECK_FALSE(contains(out.str(), "inf"));
}
