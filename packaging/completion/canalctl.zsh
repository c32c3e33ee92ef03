#compdef canalctl
# zsh completion for canalctl
_canalctl() {
  local -a found
  found=("${(@f)$(canalctl "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
  compadd -a found
}
# Loaded by itself from a folder of functions, this is the function; sourced, it only has to be made known.
if [ "${funcstack[1]}" = _canalctl ]; then _canalctl "$@"; else compdef _canalctl canalctl; fi
