#include "small_shop.h"

#include "pages.h"

namespace ipr::test {
namespace {

std::string observation(const webshop::Session& session, webshop::ObservationMode mode) {
  std::string text;
  webshop::append_observation(session, mode, text);
  return text;
}

Json values(std::initializer_list<const char*> texts) {
  Json list = Json::array();
  for (const char* text : texts) list.push_back({{"value", text}});
  return list;
}

}  // namespace

Json product_record(const std::string& asin, const std::string& name) {
  return {{"asin", asin},           {"name", name},
          {"category", "home"},     {"query", "Lamps "},
          {"pricing", "$27.00"},    {"product_category", "Home › Lamps"},
          {"full_description", ""}, {"small_description", Json::array({"one"})},
          {"images", {""}},         {"customization_options", ""}};
}

webshop::Documents documents_of(const Json& items, const Json& ins, const Json& human) {
  webshop::Documents documents{{"items.json", items.dump()}, {}, {}};
  if (!ins.is_null()) documents.ins = webshop::Document{"ins.json", ins.dump()};
  if (!human.is_null()) documents.human = webshop::Document{"human.json", human.dump()};
  return documents;
}

std::unique_ptr<webshop::Shop> small_shop() {
  Json items = Json::array();
  for (int i = 10; i < 22; ++i)
    items.push_back(product_record("LAMP" + std::to_string(i), "floor lamp " + std::to_string(i)));
  Json options = product_record("ODDOPTIONS", "odd lamp with options");
  options["customization_options"] = {{"Color", values({"Red", " Blue/Green "})},
                                      {"Size", values({"red", "small", "Description", "Next >", "it's \"so\" <b>"})}};
  options["full_description"] = "bright";
  items.push_back(options);
  Json texts = product_record("ODDTEXTS", "");
  texts["small_description"] = {"", " \n ", "wide  gap "};
  texts["query"] = "no title";
  items.push_back(texts);
  const Json human = {{"ODDOPTIONS",
                       {{{"instruction", "a bright lamp, red."},
                         {"instruction_attributes", {"bright"}},
                         {"instruction_options", {"red"}}}}}};
  return std::make_unique<webshop::Shop>(documents_of(items, nullptr, human), 20240615);
}

webshop::Session visit(const webshop::Shop& shop) {
  return {shop, {webshop::Mode::kHuman, 0}};
}

std::string text_of(const webshop::Session& session) {
  return observation(session, webshop::ObservationMode::kText);
}
std::string rich_of(const webshop::Session& session) {
  return observation(session, webshop::ObservationMode::kTextRich);
}
std::string url_of(const webshop::Session& session) {
  return observation(session, webshop::ObservationMode::kUrl);
}

}  // namespace ipr::test
