#!/usr/bin/env -S zsh -f
# SPDX-License-Identifier: Apache-2.0
# complete.zsh FOLDER LINE: prints what zsh offers at the end of LINE, a match a line, with the completion
# functions of FOLDER.  zsh completes on a terminal only, so it is given a pseudo terminal.
zmodload zsh/zpty
folder=$1 line=$2

zpty -b shell zsh -f -i
zpty -w shell "
PROMPT= PROMPT2=
stty -echo
setopt interactive_comments
unsetopt zle_bracketed_paste
fpath=(${(q)folder} \$fpath)
autoload -Uz compinit
compinit -u -D
bindkey '^I' complete-word
compadd() {
    local suffix=
    # Not what is added, only looked for.
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd \"\$@\"
        return
    fi
    local -a hits
    builtin compadd -O hits \"\$@\"
    (( \$#hits )) || return 1
    # Where nothing was added zsh would try something else.
    builtin compadd \"\$@\"
    [[ \"\$*\" != *-qS=* ]] || suffix='='
    # The cursor may not be at the beginning of a line.
    print -rl -- '' match:\$^hits\$suffix
}
finished() { print -r -- 'fini''shed' }
comppostfuncs=(finished)
print -r -- 're''ady'
"
found=
# Every read waits; the caller limits how long.
until [[ $found == *ready* ]]; do
    zpty -r shell part && found+=$part || sleep 0.02
done
zpty -n -w shell $line$'\t'
found=
until [[ $found == *finished* ]]; do
    zpty -r shell part && found+=$part || sleep 0.02
done
zpty -d shell
print -rl -- ${${(M)${(f)${found//$'\r'/}}:#match:*}#match:}
