// PDDL's outer form: parentheses and symbols, lower-cased, without comments.
//
// The whole text becomes one flat list of tokens in which every "(" knows its ")"; an Expression is a position in it.
// Nothing nests deeper than kMaxDepth, so what walks expressions may recurse.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source_text.h"

namespace alfworld::pddl {

inline constexpr std::size_t kMaxDepth = 200;

class Expression;

class ExpressionTree {
 public:
  // Reads the one list that `source` must be. Throws sdk::Failure (IPR_DATA_LOSS) with line and column.
  explicit ExpressionTree(const SourceText& source);
  ExpressionTree(const ExpressionTree&) = delete;
  ExpressionTree& operator=(const ExpressionTree&) = delete;

  // Valid as long as the tree.
  [[nodiscard]] Expression root() const;

 private:
  friend class Expression;
  struct Token {
    std::uint32_t offset;
    std::uint32_t length;  // of a symbol; 0 for a parenthesis
    std::uint32_t next;    // index of the token after this symbol or after the closing parenthesis
  };
  SourceText source_;  // for errors: the text as written
  std::string lower_;
  std::vector<Token> tokens_;
};

// A symbol, or a list with its items. A view into a tree.
class Expression {
 public:
  [[nodiscard]] bool is_list() const { return token().length == 0; }
  // The text of a symbol; empty for a list.
  [[nodiscard]] std::string_view symbol() const;
  // A list whose first item is the symbol `head`.
  [[nodiscard]] bool is_list_of(std::string_view head) const;

  // The items of a list, in order; none for a symbol.
  class Iterator;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;
  [[nodiscard]] std::vector<Expression> items() const;

  // Throws sdk::Failure (IPR_DATA_LOSS) that points here.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  friend class ExpressionTree;
  Expression(const ExpressionTree* tree, std::uint32_t index) : tree_(tree), index_(index) {}
  [[nodiscard]] const ExpressionTree::Token& token() const { return tree_->tokens_[index_]; }
  const ExpressionTree* tree_;
  std::uint32_t index_;
};

class Expression::Iterator {
 public:
  Expression operator*() const { return {tree_, index_}; }
  Iterator& operator++() {
    index_ = tree_->tokens_[index_].next;
    return *this;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  friend class Expression;
  Iterator(const ExpressionTree* tree, std::uint32_t index) : tree_(tree), index_(index) {}
  const ExpressionTree* tree_;
  std::uint32_t index_;
};

}  // namespace alfworld::pddl
