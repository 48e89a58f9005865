// Where in a whole text a part of it stands.
#pragma once

namespace ipr::text {

// SentencePiece puts a blank in front of a text (its "dummy prefix"), and tokenizers differ on whether a part behind a
// control token gets one as well. One that goes on inside of a text never does.
enum class Place { kStart, kAfterToken, kInside };

}  // namespace ipr::text
