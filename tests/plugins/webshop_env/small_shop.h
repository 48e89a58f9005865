// A shop of a few products in the official formats, with the oddities that real data has.
#pragma once

#include <memory>
#include <string>

#include "core/base/json.h"
#include "load.h"
#include "session.h"
#include "shop.h"

namespace ipr::test {

// A complete product record; tests change what they are about.
[[nodiscard]] Json product_record(const std::string& asin, const std::string& name);

// `ins`, `human` null: the file is absent.
[[nodiscard]] webshop::Documents documents_of(const Json& items, const Json& ins = nullptr,
                                              const Json& human = nullptr);

// Twelve lamps, then products with odd options and texts:
//   ODDOPTIONS  options "color" (red, blue | green), "size" (red, small, description, next >, it's "so" <b>)
//   ODDTEXTS    no title, no description, bullets "", " \n ", "wide  gap"
// One human goal, for ODDOPTIONS.
[[nodiscard]] std::unique_ptr<webshop::Shop> small_shop();

// A session of the small shop's goal.
[[nodiscard]] webshop::Session visit(const webshop::Shop& shop);

[[nodiscard]] std::string text_of(const webshop::Session& session);
[[nodiscard]] std::string rich_of(const webshop::Session& session);
[[nodiscard]] std::string url_of(const webshop::Session& session);

}  // namespace ipr::test
