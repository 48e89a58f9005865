#include "pddl/expressions.h"

#include <limits>

namespace alfworld::pddl {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

ExpressionTree::ExpressionTree(const SourceText& source) : source_(source), lower_(lower_case(source.text)) {
  if (lower_.size() >= std::numeric_limits<std::uint32_t>::max()) source.fail(0, "longer than 4 GiB");
  std::vector<std::uint32_t> open;
  const auto size = static_cast<std::uint32_t>(lower_.size());
  for (std::uint32_t i = 0; i < size;) {
    const char c = lower_[i];
    if (is_space(c)) {
      ++i;
      continue;
    }
    if (c == ';') {
      while (i < size && lower_[i] != '\n') ++i;
      continue;
    }
    if (open.empty() && (!tokens_.empty() || c != '(')) {
      source.fail(i, tokens_.empty() ? "expected \"(\"" : "text after the last \")\"; remove it");
    }
    const auto index = static_cast<std::uint32_t>(tokens_.size());
    if (c == '(') {
      if (open.size() == kMaxDepth) source.fail(i, "more than " + std::to_string(kMaxDepth) + " nested parentheses");
      open.push_back(index);
      tokens_.push_back({i++, 0, 0});
    } else if (c == ')') {
      tokens_.push_back({i++, 0, index + 1});
      tokens_[open.back()].next = index + 1;
      open.pop_back();
    } else {
      const std::uint32_t begin = i;
      while (i < size && !is_space(lower_[i]) && lower_[i] != '(' && lower_[i] != ')' && lower_[i] != ';') ++i;
      tokens_.push_back({begin, i - begin, index + 1});
    }
  }
  if (tokens_.empty()) source.fail(0, "expected \"(\", found nothing");
  if (!open.empty()) source.fail(tokens_[open.back()].offset, "this \"(\" is never closed");
}

Expression ExpressionTree::root() const {
  return {this, 0};
}

std::string_view Expression::symbol() const {
  return std::string_view(tree_->lower_).substr(token().offset, token().length);
}

bool Expression::is_list_of(std::string_view head) const {
  return is_list() && begin() != end() && (*begin()).symbol() == head;
}

Expression::Iterator Expression::begin() const {
  return is_list() ? Iterator(tree_, index_ + 1) : end();
}

Expression::Iterator Expression::end() const {
  return {tree_, is_list() ? token().next - 1 : index_};
}

std::vector<Expression> Expression::items() const {
  std::vector<Expression> items;
  for (const Expression item : *this) items.push_back(item);
  return items;
}

void Expression::fail(const std::string& what) const {
  tree_->source_.fail(token().offset, what);
}

}  // namespace alfworld::pddl
