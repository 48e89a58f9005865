// The parser's inside: one class over a row of tokens, its grammar spread over grammar_*.cc by subject.
//
// Functions are named after what they read and leave the cursor behind it. All throw MysqlError at the first token that
// fits no rule; parse() catches it. They look ahead as far as they like but never go back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mysql/ast.h"
#include "mysql/lexer.h"
#include "mysql/syntax_error.h"

namespace intercodesql::mysql {

class Grammar {
 public:
  // `text` must outlive the object and be trimmed_statement()'s.
  explicit Grammar(std::string_view text) : text_(text), tokens_(read_tokens(text)) {}

  Statement read_statement();

 private:
  // One level of nesting; a stack of a megabyte holds kDeepest of them.
  static constexpr int kDeepest = 120;
  static constexpr std::uint32_t kHighest = 400;  // of a tree, and of chains of joins or unions
  class Level {
   public:
    explicit Level(Grammar& grammar) : grammar_(grammar) {
      if (++grammar_.depth_ > kDeepest) grammar_.fail_too_deep();
    }
    ~Level() { --grammar_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Grammar& grammar_;
  };

  // --- cursor (grammar.cc) ---
  [[nodiscard]] const Token& token(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] bool at(Word word, std::size_t ahead = 0) const {
    return token(ahead).kind == TokenKind::kName && token(ahead).word == word;
  }
  [[nodiscard]] bool at_sign(std::string_view sign, std::size_t ahead = 0) const {
    return token(ahead).kind == TokenKind::kSign && token(ahead).text == sign;
  }
  [[nodiscard]] bool at_name(std::size_t ahead = 0) const;  // a name, quoted or not, that is not reserved
  [[nodiscard]] bool at_end() const { return token().kind == TokenKind::kEnd; }
  bool accept(Word word);
  bool accept_sign(std::string_view sign);
  template <typename... Words>
  bool accept_any(Words... words) {
    return (accept(words) || ...);
  }
  void expect(Word word);
  void expect_sign(std::string_view sign);
  std::string name();
  std::string string_text();  // one literal, adjacent ones joined
  std::uint64_t unsigned_number();
  [[noreturn]] void fail() const;           // at the current token
  [[noreturn]] void fail_too_deep() const;  // at the current token
  [[nodiscard]] std::size_t previous_end() const { return next_ == 0 ? 0 : tokens_[next_ - 1].end; }
  // Position of the token after the parenthesis that matches the one `ahead`.
  [[nodiscard]] std::size_t after_match(std::size_t ahead) const;
  TableName table_name();
  std::vector<std::string> name_list();  // name, name, …

  // --- expressions (grammar_expression.cc) ---
  ExprPtr make(ExprKind kind, std::size_t begin);
  ExprPtr finish(ExprPtr expr);  // its end and height
  ExprPtr expression();
  ExprPtr xor_expression();
  ExprPtr and_expression();
  ExprPtr not_expression();
  ExprPtr comparison();
  ExprPtr is_test(ExprPtr operand);
  ExprPtr predicate();
  ExprPtr in_predicate(ExprPtr operand, bool negated);
  ExprPtr bit_expression(int lowest_precedence);
  ExprPtr simple_expression();
  ExprPtr prefixed(ExprKind kind);
  std::vector<ExprPtr> expression_list();
  OrderItem order_item();
  std::vector<OrderItem> order_list();

  // --- operands (grammar_operand.cc) ---
  ExprPtr operand();
  ExprPtr literal(ExprKind kind);
  ExprPtr string_literal();
  ExprPtr variable();
  ExprPtr parenthesized();
  ExprPtr subquery(ExprKind kind);
  ExprPtr column();
  ExprPtr keyword_operand();
  ExprPtr temporal_literal();
  ExprPtr case_expression();
  ExprPtr match_against();

  // --- functions (grammar_function.cc) ---
  [[nodiscard]] bool at_function() const;
  ExprPtr function();
  ExprPtr call(std::size_t begin, std::string name);
  ExprPtr generic_function();
  ExprPtr fixed_function(int least, int most);
  ExprPtr special_function();
  ExprPtr aggregate();
  ExprPtr ranking_function();
  ExprPtr stable_integer();
  ExprPtr with_window(ExprPtr function, bool required);
  std::unique_ptr<Window> window_specification();
  void frame(Window& window);
  FrameBound frame_bound();
  ExprPtr cast();
  ExprPtr convert();
  ExprPtr clock_function();
  ExprPtr date_arithmetic();
  ExprPtr trim();
  ExprPtr substring();
  TypeName cast_type();
  std::string interval_unit();
  void optional_lengths(TypeName& type, bool with_scale);

  // --- queries (grammar_query.cc, grammar_table.cc) ---
  [[nodiscard]] bool at_query(std::size_t ahead = 0) const;
  [[nodiscard]] bool at_set_operator(std::size_t ahead = 0) const;
  QueryPtr query();                          // WITH, body, ORDER BY, LIMIT
  QueryPtr rest_of_query(QueryPtr primary);  // what may follow a first parenthesized query
  QueryPtr query_body(QueryPtr first);
  QueryPtr query_term(QueryPtr first);
  QueryPtr query_primary();
  void query_tail(QueryPtr& body);
  void into_clause(Query& target);
  void locking_clauses();
  void with_clause(Query& target);
  std::unique_ptr<Select> select();
  SelectItem select_item();
  Limit limit();
  std::vector<TableRefPtr> table_list();
  TableRefPtr joined_table();
  std::optional<TableRefPtr> join_rest(TableRefPtr& left);
  bool late_condition(TableRefPtr& top);
  void join_condition(TableRef& join);
  TableRefPtr table_factor();
  TableRefPtr derived_table(bool lateral);
  TableRefPtr plain_table();
  void table_alias(TableRef& table);
  void index_hints();

  // --- the other statements (grammar_command.cc, grammar_schema.cc, grammar_change.cc) ---
  Command command();
  Command show();
  Command describe_or_explain();
  Command explained(bool analyze, std::string format);
  Command set_variables();
  void set_assignment(SetVariables& set, std::string scope);
  Command administration();
  void like_or_where(Show& show);
  void shown_where(Show& show);
  void skip_to_end();  // of a statement whose inside does not matter here
  Command create();
  CreateTable create_table(bool temporary);
  void table_element(CreateTable& table);
  ColumnDefinition column_definition();
  void column_attributes(ColumnDefinition& column);
  TypeName column_type();
  [[nodiscard]] bool at_key_definition() const;
  KeyDefinition key_definition();
  std::vector<std::string> key_columns();
  TableName references_clause(std::vector<std::string>& columns);
  void table_options();
  Command create_view(bool or_replace);
  Command create_index(bool unique);
  Command alter();
  AlterTable::Change alteration();
  void column_place(AlterTable::Change& change);
  Command drop();
  Command rename();
  Command insert(bool replace);
  Command update();
  Command delete_rows();
  Assignment assignment();
  ExprPtr value_or_default();

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
  std::uint32_t expressions_ = 0;
};

}  // namespace intercodesql::mysql
