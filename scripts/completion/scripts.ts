/**
 * Each script passes the words before the cursor to `meshproof complete` and offers its output. It runs the program as typed, so that a
 * checkout's own copy is used. If nothing is printed the shell offers file names, for options that take a path.
 */
const BASH = `_meshproof() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}") word="\${COMP_WORDS[COMP_CWORD]}"
  # = and : end a word in bash by default; put together again what was typed as one.
  local line="\${COMP_LINE:0:COMP_POINT}" typed
  read -ra typed <<< "$line"
  [[ $line == *' ' ]] && typed+=('')
  local full="\${typed[-1]}"
  words=("\${typed[@]:1}")
  local IFS=$'\\n'
  COMPREPLY=($("\${typed[0]}" complete -- "\${words[@]}" 2>/dev/null))
  # Only what follows the last break is replaced.
  local lead="\${full%"$word"}"
  [[ $word == '=' ]] && lead="$full"
  [[ -n $lead ]] && COMPREPLY=("\${COMPREPLY[@]#"$lead"}")
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]] && compopt -o nospace
  return 0
}
complete -o default -F _meshproof meshproof
`;

const ZSH = `#compdef meshproof
_meshproof() {
  local -a found
  found=("\${(@f)$(\${words[1]} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then compadd -- "\${found[@]}"; else _files; fi
}
if [[ "\${funcstack[1]}" == _meshproof ]]; then _meshproof "$@"; else compdef _meshproof meshproof; fi
`;

const FISH = `function __meshproof_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    $words[1] complete -- $words[2..] "$current" 2>/dev/null
end
complete --command meshproof --arguments '(__meshproof_complete)'
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH };

/** The completion script of a shell. */
export function scriptOf(shell: keyof typeof SCRIPTS): string {
  return SCRIPTS[shell];
}
