# fish completion for canalctl
function __canalctl_complete
  set -l line (commandline -cp)
  canalctl "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
end
complete -c canalctl -a '(__canalctl_complete)'
