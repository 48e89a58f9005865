// Errors as values: every fallible function of the core returns Status or Result<T>.
//
// A Status carries the exit code class of product.md section 2 and one line "what, where, what to do". Exceptions of
// libraries are caught where they enter; none crosses a public function of the core.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace ipr {

// The numbers are the process's exit codes.
enum class Code : int {
  kOk = 0,
  kFailed = 1,        // could not be done (I/O, internal)
  kUsage = 2,         // bad flag, config, setting or input line
  kData = 3,          // data missing or wrong
  kPlugin = 4,        // cannot load, ABI, conformance
  kInfra = 5,         // finished with more infrastructure errors than allowed
  kInterrupted = 130  // asked to stop; resumable
};

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == Code::kOk; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  // The same error with its place in front: `where: message`.
  [[nodiscard]] Status at(const std::string& where) const {
    return ok() ? *this : Status(code_, where + ": " + message_);
  }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

inline Status failed(std::string message) {
  return {Code::kFailed, std::move(message)};
}
inline Status usage(std::string message) {
  return {Code::kUsage, std::move(message)};
}
inline Status bad_data(std::string message) {
  return {Code::kData, std::move(message)};
}
inline Status plugin_error(std::string message) {
  return {Code::kPlugin, std::move(message)};
}

// A value or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Status& status() const { return status_; }
  // Precondition: ok().
  [[nodiscard]] T& value() & { return *value_; }
  [[nodiscard]] const T& value() const& { return *value_; }
  [[nodiscard]] T&& value() && { return std::move(*value_); }
  [[nodiscard]] T* operator->() { return &*value_; }
  [[nodiscard]] const T* operator->() const { return &*value_; }
  [[nodiscard]] T& operator*() & { return *value_; }
  [[nodiscard]] const T& operator*() const& { return *value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace ipr

#define IPR_CONCAT_(a, b) a##b
#define IPR_CONCAT(a, b) IPR_CONCAT_(a, b)

// Returns the Status of `expr` from the enclosing function if it is an error.
#define IPR_TRY(expr)                                                              \
  do {                                                                             \
    if (::ipr::Status ipr_status_ = (expr); !ipr_status_.ok()) return ipr_status_; \
  } while (0)

// `IPR_ASSIGN(auto x, f());` binds the value of a Result or returns its Status.
#define IPR_ASSIGN(lhs, expr) IPR_ASSIGN_IMPL_(IPR_CONCAT(ipr_result_, __LINE__), lhs, expr)
#define IPR_ASSIGN_IMPL_(tmp, lhs, expr) \
  auto tmp = (expr);                     \
  if (!tmp.ok()) return tmp.status();    \
  lhs = std::move(tmp).value()
