// Shell completion: scripts for three shells that ask the program itself, so that an answer is never older than the
// program and its plugins.
//
// Everything comes from the parser's own tree: commands, flags, and the words of a flag whose type names them
// ("full|quick"; words with a capital letter stand for something and are not offered). Plugin ids and their settings
// come from the registry.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/plugin/registry.h"

namespace ipr::host {

// What may stand where the command line `line` ends, the whole last word each, sorted; empty where any file name may.
// `line` begins with the program's name; a space at its end begins a new word.
[[nodiscard]] std::vector<std::string> completions(const CLI::App& app, const std::string& line,
                                                   const plugin::Registry& registry);

// The script of a shell: bash, zsh or fish. It calls `completion words` with the line so far in $COMP_LINE.
[[nodiscard]] std::string completion_script(const std::string& shell);

}  // namespace ipr::host
