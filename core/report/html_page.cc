#include "core/report/html_page.h"

#include <sstream>

#include "core/base/strings.h"

namespace ipr::report {
namespace {

// No '<', '>' or '&' here: XML would escape them, and HTML parsers do not unescape inside <style>.
constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--bg:#fbfbf9;--card:#fff;--fg:#1d2125;--soft:#5b6570;--rule:#dcdfe3;
--mark:#fff4d6;--warn:#a04400;--good:#00704f;
--s0:#0069a8;--s1:#c75000;--s2:#007a5a;--s3:#a3477a;--s4:#8a6a00;--s5:#555b61}
@media (prefers-color-scheme:dark){:root{--bg:#15181b;--card:#1c2024;--fg:#e4e7ea;--soft:#9aa5b0;--rule:#343a40;
--mark:#3a3113;--warn:#f0a35f;--good:#4fc79b;
--s0:#6db9f5;--s1:#f39a55;--s2:#4fc79b;--s3:#dd94c0;--s4:#e0c04f;--s5:#aab0b6}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:76rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.75rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:1.75rem 0 .4rem}
p{max-width:46rem;margin:.5rem 0}
.verdict{font-size:1.15rem;font-weight:600;max-width:50rem}
.soft,figcaption,.notes{color:var(--soft);font-size:.875rem}
code,pre{font:.8125rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.25rem 0}
.command{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.6rem .8rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.8rem 0;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
nav{font-size:.875rem;margin:1rem 0;padding:.5rem 0;border-bottom:1px solid var(--rule)}
nav a{display:inline-block;margin-right:1rem}
a{color:var(--s0)}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;margin:.6rem 0}
th,td{padding:.32rem .6rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:600;white-space:nowrap}
.r{text-align:right;white-space:nowrap}
tr.chosen td{font-weight:600}
tr.differs td{background:var(--mark)}
td.text{overflow-wrap:anywhere;min-width:4rem;max-width:24rem}
.checks{list-style:none;padding:0;margin:.6rem 0;display:grid;gap:.6rem}
.checks li{background:var(--card);border:1px solid var(--rule);border-left:4px solid var(--rule);border-radius:6px;
padding:.5rem .9rem;font-size:.9rem}
.checks li.warning{border-left-color:var(--warn)}.checks li.fine{border-left-color:var(--good)}
.checks p{margin:.2rem 0;max-width:none}
.head{display:flex;flex-wrap:wrap;gap:.1rem .9rem;align-items:baseline}
.state{color:var(--soft);min-width:5.5rem}.warning .state{color:var(--warn);font-weight:600}
.fine .state{color:var(--good)}
.value{font-variant-numeric:tabular-nums;font-weight:600}
figure{margin:1rem 0}figcaption{max-width:46rem}
.grid-of-plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));gap:1.25rem;
margin:1rem 0}
.grid-of-plots figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:6px;
padding:.6rem .7rem;break-inside:avoid;min-width:0;max-width:34rem}
svg{width:100%;height:auto;display:block}
.axis{stroke:var(--soft);stroke-width:1}.grid{stroke:var(--rule);stroke-width:1}
.level{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:5 4}
.tick{fill:var(--soft);font-size:12.5px;font-variant-numeric:tabular-nums}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}.line.s3{stroke:var(--s3)}
.line.s4{stroke:var(--s4)}.line.s5{stroke:var(--s5)}
.mark.s0,.bar.s0{fill:var(--s0)}.mark.s1,.bar.s1{fill:var(--s1)}.mark.s2,.bar.s2{fill:var(--s2)}
.mark.s3,.bar.s3{fill:var(--s3)}.mark.s4,.bar.s4{fill:var(--s4)}.mark.s5,.bar.s5{fill:var(--s5)}
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:.6rem 1rem;align-items:start}
.side{font-weight:600}
.side,.turn{overflow-wrap:anywhere}
.turn{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.5rem .75rem;min-width:0;
break-inside:avoid}
.turn.shared{opacity:.7}
.turn.parts{border-color:var(--s1);border-width:2px}
.turn header{display:flex;flex-wrap:wrap;gap:.2rem .8rem;font-size:.8125rem;color:var(--soft);
font-variant-numeric:tabular-nums}
.turn .score{color:var(--fg);font-weight:600}
.turn .who{text-transform:uppercase;letter-spacing:.04em}
.turn .flag{color:var(--warn);font-weight:600}
.observation{color:var(--soft);border-left:3px solid var(--rule);padding-left:.6rem;margin:.4rem 0;
overflow-wrap:anywhere}
summary{cursor:pointer;font-size:.8125rem;color:var(--soft)}
.trajectories{margin:.8rem 0}
.trajectories summary{font-size:1rem;font-weight:600;color:var(--fg)}
.trajectories .observation summary{font-size:.8125rem;font-weight:400;color:var(--soft)}
@media (max-width:44rem){main{padding:1.25rem .9rem 3rem}.pair{grid-template-columns:minmax(0,1fr)}
.pair .soft:empty{display:none}}
@media print{:root{color-scheme:light}body{background:#fff;font-size:11pt}main{max-width:none;padding:0}
nav{display:none}details::details-content{content-visibility:visible;block-size:auto}h2,h3{break-after:avoid}}
)";

}  // namespace

std::string xml_text(std::string_view text) {
  std::string clean;
  for (const char c : valid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 || c == '\t' || c == '\n') {
      clean += c;
    } else {
      clean += {'\xE2', '\x90', static_cast<char>(0x80 + byte)};  // U+2400 + byte
    }
  }
  // U+FFFE and U+FFFF are valid UTF-8 but not XML.
  for (const char* forbidden : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (std::size_t at = 0; (at = clean.find(forbidden, at)) != std::string::npos;)
      clean.replace(at, 3, "\xEF\xBF\xBD");
  }
  return clean;
}

pugi::xml_node add(pugi::xml_node parent, const char* name, std::string_view text, const char* css_class) {
  pugi::xml_node node = parent.append_child(name);
  if (css_class != nullptr && *css_class != '\0') node.append_attribute("class") = css_class;
  if (!text.empty()) node.append_child(pugi::node_pcdata).set_value(xml_text(text).c_str());
  return node;
}

void add_table(pugi::xml_node parent, const std::vector<Column>& columns, const std::vector<std::string>& row_classes) {
  pugi::xml_node table = add(add(parent, "div", {}, "wide"), "table");
  pugi::xml_node head = add(add(table, "thead"), "tr");
  for (const Column& column : columns)
    add(head, "th", column.title, column.right ? "r" : "").append_attribute("scope") = "col";
  pugi::xml_node body = add(table, "tbody");
  const std::size_t rows = columns.empty() ? 0 : columns[0].cells.size();
  for (std::size_t row = 0; row < rows; ++row) {
    pugi::xml_node line = add(body, "tr", {}, row < row_classes.size() ? row_classes[row].c_str() : "");
    for (const Column& column : columns) add(line, "td", column.cells[row], column.right ? "r" : "text");
  }
}

pugi::xml_node add_section(pugi::xml_node main, const char* id, std::string_view heading) {
  pugi::xml_node section = add(main, "section");
  section.append_attribute("id") = id;
  add(section, "h2", heading);
  return section;
}

pugi::xml_node start_page(pugi::xml_document& document, std::string_view title) {
  document.append_child(pugi::node_doctype).set_value("html");
  pugi::xml_node html = document.append_child("html");
  html.append_attribute("xmlns") = "http://www.w3.org/1999/xhtml";
  html.append_attribute("lang") = "en";
  pugi::xml_node head = html.append_child("head");
  head.append_child("meta").append_attribute("charset") = "utf-8";
  const auto meta = [&](const char* key, const char* name, const char* content) {
    pugi::xml_node node = head.append_child("meta");
    node.append_attribute(key) = name;
    node.append_attribute("content") = content;
  };
  meta("name", "viewport", "width=device-width, initial-scale=1");
  // The page needs nothing from elsewhere, and nothing in it can ask for it.
  meta("http-equiv", "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  add(head, "title", title.empty() ? "report" : title);
  add(head, "style", kStyle);
  return html.append_child("body").append_child("main");
}

std::string to_html(const pugi::xml_document& document) {
  std::ostringstream out;
  // Raw: white space inside <pre> is content. No <td/>: HTML parsers would read an opening tag.
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration | pugi::format_no_empty_element_tags,
                pugi::encoding_utf8);
  std::string page = out.str();
  // <meta> is the one void element of the page; text cannot hold this sequence, its '>' is escaped.
  const std::string closing = "></meta>";
  for (std::size_t at = 0; (at = page.find(closing, at)) != std::string::npos;) page.replace(at, closing.size(), "/>");
  return page + "\n";
}

}  // namespace ipr::report
