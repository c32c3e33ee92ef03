# bash completion for canalctl
_canalctl() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(canalctl "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _canalctl canalctl
