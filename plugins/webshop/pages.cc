#include "pages.h"

#include <algorithm>
#include <initializer_list>
#include <unordered_set>

#include "json_text.h"
#include "python_text.h"

namespace webshop {
namespace {

enum class Node { kText, kButton, kOption, kProductLink };

// The official templates as the sequence of their text nodes: `put(node, text)` for each, in document order. The same
// walk serves both text modes.
template <typename Put>
class PageWalk {
 public:
  PageWalk(const Session& session, Put& put) : session_(session), put_(put) {}

  void walk() {
    switch (session_.page()) {
      case Page::kIndex:
        return index();
      case Page::kResults:
        return results();
      case Page::kItem:
        return item();
      case Page::kSubPage:
        return sub_page();
      case Page::kDone:
        return done();
    }
  }

 private:
  void text(std::string_view value) { put_(Node::kText, value); }
  void button(std::string_view value) { put_(Node::kButton, value); }
  void pairs(std::initializer_list<std::string_view> values) {
    for (const auto value : values) text(value);
  }

  void index() {
    text("WebShop");
    text("Instruction: ");
    text(session_.goal().instruction);
    button("Search");
  }

  void head() {
    text("Instruction:");
    text(session_.goal().instruction);
    button("Back to Search");
  }

  void results() {
    head();
    text("Page " + std::to_string(session_.page_number()) +
         " (Total results: " + std::to_string(session_.hits().products.size()) + ")");
    if (session_.page_number() > 1) button("< Prev");
    button("Next >");
    for (const std::uint32_t number : session_.shown()) {
      const Product& product = session_.shop().products()[number];
      put_(Node::kProductLink, product.asin, session_.visited(number));
      text(product.title);
      text(product.price_text);
    }
  }

  void item() {
    head();
    button("< Prev");
    const Product& product = session_.product();
    for (const Option& option : product.options) {
      text(option.name);
      for (const std::string& value : option.values) put_(Node::kOption, value);
    }
    text(product.title);
    text("Price: " + product.price_text);
    text("Rating: N.A.");
    button("Description");
    button("Features");
    button("Reviews");
    button("Buy Now");
  }

  void sub_page() {
    head();
    button("< Prev");
    if (session_.sub_page() == SubPage::kDescription) text(session_.product().description);
    if (session_.sub_page() != SubPage::kFeatures) return;
    for (const std::string& bullet : session_.product().bullets) text(" " + bullet);  // the template's own blank
  }

  void done() {
    pairs({"Thank you for shopping with us!", "Your code: ", "None", " (Paste it in your MTurk interface.)",
           "Purchased", "asin", session_.product().asin, "options"});
    text(options_as_json());
    pairs({"attrs",
           "None",
           "category",
           "None",
           "query",
           "None",
           "product category",
           "None",
           "Target",
           "asin",
           "options",
           "attrs",
           "price upper",
           "instuction text",
           "category",
           "product category",
           "query",
           "Goal ",
           "None",
           "Reward",
           "Your score (min 0.0, max 1.0)"});
    text(repr(session_.paid()));
    pairs({"Reward Details ", "None"});
  }

  [[nodiscard]] std::string options_as_json() const {
    ChosenOptions chosen = session_.chosen_options();
    std::sort(chosen.begin(), chosen.end());
    std::string json = "{";
    for (const auto& [name, value] : chosen) {
      if (json.size() > 1) json += ", ";
      append_python_json(name, json, /*html_safe=*/true);
      json += ": ";
      append_python_json(value, json, /*html_safe=*/true);
    }
    return json + "}";
  }

  const Session& session_;
  Put& put_;
};

// What the HTML parser makes of a text: ASCII white space alone becomes one character, and a line end no node at all.
// Returns false where nothing is shown.
bool normalize(std::string_view& text) {
  if (text.empty()) return false;
  if (text.find_first_not_of(" \n\t\f\r") != std::string_view::npos) return true;
  if (text.find('\n') != std::string_view::npos) return false;
  text = " ";
  return true;
}

struct PlainText {
  std::string& out;
  bool first = true;

  void operator()(Node, std::string_view text, bool = false) {
    if (!normalize(text)) return;
    if (!first) out += " [SEP] ";
    first = false;
    out += strip(text);
  }
};

struct RichText {
  std::string url;
  std::string clicked, body;  // the lines about clicked options stand before everything

  void operator()(Node node, std::string_view text, bool visited = false) {
    if (!normalize(text)) return;
    const std::string_view start = node == Node::kOption ? "  " : node == Node::kProductLink ? "\n" : "";
    if (node == Node::kOption && url.find(quoted(text)) != std::string::npos) {
      visited = true;
      clicked = "You have clicked " + std::string(text) + ".\n" + clicked;
    }
    const std::string_view before = visited ? "[clicked button] " : "[button] ";
    const std::string_view after = visited ? " [clicked button_]" : " [button_]";
    if (node == Node::kText) {
      body.append(text);
    } else {
      body.append(start).append(before).append(text).append(after);
    }
    body += '\n';
  }
  static std::string quoted(std::string_view text) { return std::string("\"").append(text).append("\""); }
};

// Options as json.dumps writes a dictionary.
void append_options_json(const Session& session, std::string& out) {
  out += '{';
  bool first = true;
  for (const Selection selection : session.selections()) {
    if (!first) out += ", ";
    first = false;
    append_python_json(session.selected_name(selection), out);
    out += ": ";
    append_python_json(session.selected_value(selection), out);
  }
  out += '}';
}

// Options as str() writes a dictionary.
void append_options_repr(const Session& session, std::string& out) {
  out += '{';
  bool first = true;
  for (const Selection selection : session.selections()) {
    if (!first) out += ", ";
    first = false;
    out.append(repr(session.selected_name(selection))).append(": ").append(repr(session.selected_value(selection)));
  }
  out += '}';
}

std::string_view sub_page_name(SubPage page) {
  if (page == SubPage::kDescription) return "Description";
  return page == SubPage::kFeatures ? "Features" : "Reviews";
}

}  // namespace

void append_observation(const Session& session, ObservationMode mode, std::string& out) {
  if (mode == ObservationMode::kUrl) return append_url(session, out);
  if (mode == ObservationMode::kText) {
    PlainText plain{out};
    PageWalk(session, plain).walk();
    return;
  }
  RichText rich;
  append_url(session, rich.url);
  PageWalk(session, rich).walk();
  out.append(rich.clicked).append(rich.body);
}

void append_url(const Session& session, std::string& out) {
  constexpr std::string_view kFolders[] = {"/", "/search_results/", "/item_page/", "/item_sub_page/", "/done/"};
  const Page page = session.page();
  out += kFolders[static_cast<std::size_t>(page)];
  append_number(std::size_t{session.task().session}, out);
  if (page == Page::kIndex) return;
  if (page != Page::kResults) out.append("/").append(session.product().asin);
  if (page != Page::kDone) {
    out += '/';
    const std::size_t start = out.size();
    out += session.hits().keywords;
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), ' ', '+');
    out.append("/").append(std::to_string(session.page_number()));
  }
  if (page == Page::kResults) return;
  if (page == Page::kSubPage) out.append("/").append(sub_page_name(session.sub_page()));
  out += '/';
  if (page == Page::kItem) {
    append_options_json(session, out);
  } else {
    append_options_repr(session, out);
  }
}

std::vector<std::string> clickables(const Session& session) {
  switch (session.page()) {
    case Page::kIndex:
      return {"search"};
    case Page::kSubPage:
      return {"back to search", "< prev"};
    case Page::kDone:
      return {};
    default:
      break;
  }
  std::vector<std::string> texts = {"back to search"};
  std::unordered_set<std::string> seen;
  const auto add = [&](const std::string& text) {
    if (seen.insert(text).second) texts.push_back(text);
  };
  seen.insert(texts[0]);
  if (session.page() == Page::kResults) {
    if (session.page_number() > 1) add("< prev");
    add("next >");
    for (const std::uint32_t product : session.shown()) add(session.shop().lower_asin(product));
    return texts;
  }
  for (const char* button : {"< prev", "description", "features", "reviews", "buy now"}) add(button);
  for (const Option& option : session.product().options) {
    for (const std::string& value : option.values) add(value);
  }
  return texts;
}

View expert_view(const Session& session) {
  constexpr View::Page kPages[] = {View::Page::kIndex, View::Page::kResults, View::Page::kItem, View::Page::kSubPage,
                                   View::Page::kDone};
  View view;
  view.page = kPages[static_cast<std::size_t>(session.page())];
  if (session.page() == Page::kResults) {
    view.keywords = session.hits().keywords;
    view.page_number = session.page_number();
    for (const std::uint32_t product : session.shown()) view.shown.push_back(&session.shop().products()[product]);
  } else if (session.page() != Page::kIndex) {
    view.product = &session.product();
    view.selected = session.chosen_options();
    view.looks = session.looks();
  }
  return view;
}

}  // namespace webshop
