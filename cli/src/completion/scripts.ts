import { DIRECTORIES, FILES } from './candidates.js';

export type Shell = 'bash' | 'zsh' | 'fish';

/** What each shell reads once: a function that asks `reranker complete SHELL -- WORDS` at every press of the tab key. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // As old as bash 3.2 of macOS, and without the package bash-completion.
  bash: `_reranker() {
  local IFS=$'\\n' word=\${COMP_WORDS[COMP_CWORD]} answer
  answer=($(reranker complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [ "$word" = = ] && word=
  case \${answer[0]} in
    ${FILES}) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$word")) ;;
    ${DIRECTORIES}) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$word")) ;;
    *) COMPREPLY=("\${answer[@]%%$'\\t'*}"); COMPREPLY=("\${COMPREPLY[@]#--*=}") ;;
  esac
}
complete -F _reranker reranker`,
  zsh: `#compdef reranker
_reranker() {
  local -a answer
  answer=("\${(@f)$(reranker complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $answer[1] in
    ${FILES}) _files ;;
    ${DIRECTORIES}) _files -/ ;;
    *) answer=("\${(@)\${(@)answer//:/\\\\:}/$'\\t'/:}"); _describe reranker answer ;;
  esac
}
if [ "$funcstack[1]" = _reranker ]; then _reranker "$@"; else compdef _reranker reranker; fi`,
  fish: `function __reranker
  set -l answer (reranker complete fish -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
  switch "$answer[1]"
    case ${FILES}
      __fish_complete_path (commandline -ct)
    case ${DIRECTORIES}
      __fish_complete_directories (commandline -ct)
    case '*'
      printf '%s\\n' $answer
  end
end
complete -c reranker -f -a '(__reranker)'`,
};
