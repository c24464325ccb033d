"""What people write into their tmux.conf, one row each: on our own server and on theirs the workspace works the same."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually, unguarded
from support.terminal import Terminal
from support.tmux_version import this_tmux

from orchestra.tmux.capabilities import MANUAL_SIZE

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
Git = Callable[..., str]

ASKS = """
```script
status working
wait
escalate "Which colour?" --gate domain --option red --option blue
write colour.txt "{answer}"
commit "Use {answer}"
ship
```
"""
IN_A_DIALOG = '```script\nstatus working\ndialog "May I?"\nwait\n```\n'

# Settings, by what they are called. PLACE is a directory for their files.
SETTINGS = {
    # the status line
    "status-position top": "set -g status-position top",
    "status 2": "set -g status 2\nset -g status-format[1] '#[align=centre]#(echo second)'",
    "status 5": "set -g status 5",
    "status off": "set -g status off",
    "status-interval 0": "set -g status-interval 0",
    "status-justify": "set -g status-justify absolute-centre",
    "short sides": "set -g status-left-length 0\nset -g status-right-length 0",
    "status-format[0]": "set -g status-format[0] '#S #{W:#I }'",
    "catppuccin": """
set -g @catppuccin_flavour mocha
set -gF status-style 'bg=#1e1e2e,fg=#cdd6f4'
set -g status-left ''
set -g status-right '#[fg=#94e2d5]#[bg=default]#[fg=#11111b,bg=#94e2d5]  #[fg=#cdd6f4,bg=#313244] #{session_name} '
set -ag status-right '#{E:@catppuccin_status_session}#{?client_prefix,#[fg=red],#[fg=green]}'
setw -g window-status-format '#[fg=#11111b,bg=#{@thm_overlay_2}] #I #[fg=#cdd6f4] #W '
setw -g window-status-separator ''
setw -g pane-border-style 'fg=#313244'
setw -g pane-active-border-style 'fg=#{?pane_in_mode,#f9e2af,#{?pane_synchronized,#cba6f7,#b4befe}}'
""",
    "dracula, powerline": """
set -g status-left '#[bg=#50fa7b,fg=#282a36]#{?client_prefix,#[bg=#f1fa8c],} ☺ #[fg=#50fa7b,bg=#44475a]'
set -g status-right '#[fg=#44475a]#(uptime | cut -c1-9) #[fg=#282a36,bg=#ff79c6]#(cat PLACE/none) #{=/3/…:host}'
set -g status-right-style none
set -g message-style 'bg=#44475a,fg=#f8f8f2'
set -g visual-activity off
""",
    "gruvbox": """
set -g status-style 'bg=colour237,fg=colour223'
setw -g mode-style 'bg=colour214,fg=colour235'
set -g display-panes-colour colour108
set -g status-right '#[bg=colour237,fg=colour239 nobold, nounderscore, noitalics]#[bg=colour239] %Y-%m-%d  %H:%M '
""",
    "messages": "set -g message-limit 0\nset -g display-time 0\nset -g message-style fg=red\nset -g visual-bell both",
    "titles": "set -g set-titles on\nset -g set-titles-string '#{pane_title} #(echo title)'",
    # windows and panes
    "indexes": "set -g base-index 1\nsetw -g pane-base-index 1\nset -g renumber-windows on",
    "high indexes": "set -g base-index 900\nsetw -g pane-base-index 7",
    "remain-on-exit": "setw -g remain-on-exit on",
    "remain-on-exit failed": "setw -g remain-on-exit failed",
    "names": "setw -g automatic-rename on\nsetw -g allow-rename on\nsetw -g automatic-rename-format '#{pane_title}'",
    "monitoring": """
setw -g monitor-activity on
setw -g monitor-silence 1
setw -g monitor-bell on
set -g visual-activity both
set -g visual-silence on
set -g activity-action any
set -g silence-action any
set -g bell-action any
""",
    "borders": "setw -g pane-border-status bottom\nsetw -g pane-border-lines double\nsetw -g pane-border-format ' #P '",
    "borders off": "setw -g pane-border-status off",
    "sizes": "setw -g aggressive-resize on\nset -g window-size smallest",
    "default-size": "set -g window-size largest\nset -g default-size 60x20",
    "main panes": "setw -g main-pane-width 50%\nsetw -g main-pane-height 20",
    "synchronize-panes": "setw -g synchronize-panes on",
    "alternate-screen": "setw -g alternate-screen off",
    "wrap-search": "setw -g wrap-search off\nset -g word-separators ' -_@'",
    "history 0": "set -g history-limit 0\nset -g buffer-limit 1",
    "xterm-keys": "setw -g xterm-keys on\nsetw -g clock-mode-style 12",
    # server and sessions
    "clipboard": "set -s set-clipboard off\nset -s copy-command 'cat >/dev/null'\nset -s buffer-limit 1",
    "escape-time 0": "set -s escape-time 0\nset -g repeat-time 0",
    "escape-time 500": "set -s escape-time 500\nset -g focus-events on",
    "mouse": "set -g mouse on",
    "mouse off": "set -g mouse off",
    "lifetimes": "set -g destroy-unattached on\nset -s exit-empty off\nset -g detach-on-destroy off",
    "detach-on-destroy previous": "set -g detach-on-destroy previous",
    "environment": "set -g update-environment 'DISPLAY SSH_AUTH_SOCK'\nset-environment -g EDITOR vi\nset-environment -gr PATH",
    "default-command": "set -g default-command 'exec /bin/sh'",
    "default-shell": "set -g default-shell SHELL",
    "reattach-to-user-namespace": "set -g default-command 'reattach-to-user-namespace -l sh'",
    "lock": "set -g lock-after-time 1\nset -g lock-command 'sleep 1'",
    "terminal": """
set -g default-terminal screen-256color
set -ga terminal-overrides ',*256col*:Tc,*:Smulx=\\E[4::%p1%dm'
set -s extended-keys always
set -as terminal-features 'xterm*:extkeys:RGB'
set -s user-keys[0] "\\e[5;30012~"
bind -n User0 next-window
""",
    "tmux-direct": "set -g default-terminal tmux-direct",
    # keys
    "prefix C-a": "unbind C-b\nset -g prefix C-a\nbind C-a send-prefix\nset -g mode-keys vi\nset -g status-keys vi",
    "prefix2": "set -g prefix2 C-Space\nbind C-Space send-prefix -2",
    "prefix `": "set -g prefix `\nunbind C-b\nbind ` send-prefix",
    "unbind all": "unbind -a\nbind : command-prompt\nbind d detach-client",
    "keys that we use": """
bind -n O display-message taken
bind -T root t send-keys t
bind -n Enter send-keys Enter
bind -n M-o next-window
bind -T orchestra x display-message theirs
""",
    "keys without prefix": "bind -n C-h select-pane -L\nbind -n C-l select-pane -R",
    "vim-tmux-navigator": """
is_vim="ps -o state= -o comm= -t '#{pane_tty}' | grep -iqE '^[^TXZ ]+ +(\\\\S+\\/)?g?(view|n?vim?x?)(diff)?$'"
bind -n 'C-h' if-shell "$is_vim" 'send-keys C-h' 'select-pane -L'
bind -T copy-mode-vi v send -X begin-selection
bind -T copy-mode-vi MouseDragEnd1Pane send -X copy-pipe-and-cancel 'cat >/dev/null'
""",
    # commands, hooks, files
    "aliases": """
set -s command-alias[100] 'zoom=resize-pane -Z'
set -s command-alias[102] 'split-window=split-window -c "#{pane_current_path}"'
set -s command-alias[103] 'new-window=new-window -a'
set -s command-alias[104] 'popup=display-popup -E'
""",
    "hooks of panes": """
set-hook -g after-split-window 'select-layout main-vertical'
set-hook -g after-new-window 'rename-window theirs'
set-hook -g window-renamed 'setw automatic-rename on'
set-hook -g pane-died 'kill-pane'
set-hook -g pane-exited 'display-message gone'
set-hook -g after-select-pane 'display-message selected'
set-hook -g window-layout-changed 'display-message changed'
""",
    "hooks that split": "set-hook -g after-new-window 'split-window -h'",
    "hooks of sessions": """
set-hook -g session-created 'new-window -d -n extra'
set-hook -g client-attached 'display-message hello'
set-hook -g client-session-changed 'refresh-client -S'
set-hook -g client-resized 'display-message resized'
set-hook -g after-new-session 'set status-right theirs'
set-hook -g client-detached 'run-shell false'
""",
    "missing files": "source-file /nowhere/at/all\nsource-file -q /nowhere\nset -g no-such-option on\nbind",
    "run-shell": "run-shell '~/.tmux/plugins/tpm/tpm'\nrun-shell 'echo said; exit 3'\nrun-shell -b 'exit 4'",
    "if-shell": "if-shell 'test -f /nowhere' 'set -g mouse on' 'set -g mouse off'\n%if #{==:#{host},x}\nset -g status 3\n%endif",
    "tpm": """
set -g @plugin 'tmux-plugins/tpm'
set -g @plugin 'tmux-plugins/tmux-sensible'
set -g @resurrect-capture-pane-contents on
set -g @continuum-restore on
bind I run-shell PLACE/install
bind C-s run-shell PLACE/save
run -b 'PLACE/tpm'
""",
}
FEW = ("synchronize-panes", "status off")
NAMES = [pytest.param(name, marks=() if name in FEW else pytest.mark.nightly) for name in SETTINGS]


# What tpm runs when a server starts: sensible's settings, continuum's hook in the status line, resurrect's keys.
TPM = """#!/bin/sh
tmux set-option -s escape-time 0
tmux set-option -g history-limit 50000
tmux set-option -g status-interval 5
tmux set-option -g focus-events on
tmux set-window-option -g aggressive-resize on
right=$(tmux show-option -gqv status-right)
tmux set-option -g status-right "#(PLACE/save)$right"
tmux bind-key C-r run-shell PLACE/save
tmux list-panes -a -F '#{pane_id}' >PLACE/seen
"""


def trace() -> dict[str, str]:
    """All of their server that is not one session's own."""
    asked = (
        "show-options -g",
        "show-options -s",
        "show-options -gw",
        "show-hooks -g",
        "list-sessions -F #S",
        "list-keys",
    )
    return {line: ask(line) for line in asked}


def ask(line: str) -> str:
    """Ask the user's own server."""
    done = subprocess.run(["tmux", "-u", *line.split()], capture_output=True, text=True, check=False)
    return done.stdout or done.stderr


@pytest.fixture(params=["orchestra", "default"])
def person(request: pytest.FixtureRequest, repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", f"tmux: {{socket: {request.param}}}")
    write_issue(repo, 1, "Choose a colour", ASKS)
    write_issue(repo, 2, "In a dialog", IN_A_DIALOG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo, socket=request.param)


def write_conf(home: Path, settings: str, place: Path) -> None:
    place.mkdir()
    for name, text in (("tpm", TPM), ("save", "#!/bin/sh\nprintf saved\n"), ("install", "#!/bin/sh\n")):
        (place / name).write_text(text.replace("PLACE", str(place)))
        (place / name).chmod(0o755)
    shell = shutil.which("fish") or shutil.which("zsh") or "/bin/dash"
    text = settings.replace("PLACE", str(place)).replace("SHELL", shell)
    (home / ".tmux.conf").write_text(text + "\nset -g assume-paste-time 0\n")


@contextmanager
def a_terminal() -> Iterator[Terminal]:
    terminal = Terminal(140, 40, {"LC_ALL": "C.UTF-8"})
    try:
        yield terminal
    finally:
        terminal.end()


@pytest.mark.parametrize("name", NAMES)
def test_a_setting(name: str, person: Person, home: Path, tmp_path: Path, repo: Path, git: Git) -> None:
    write_conf(home, SETTINGS[name], tmp_path / "place")
    guest = person.socket == "default"
    with a_terminal() as terminal:
        if guest:
            terminal.run(["tmux", "new-session", "-s", "mine", "sh"])
            eventually(lambda: "mine" in ask("list-sessions"), why="their own session")
            eventually(lambda: "mine" in ask("list-clients"), why="their own terminal")
            ask("set -t =mine: destroy-unattached off")
            if "PLACE/tpm" in SETTINGS[name]:
                eventually((tmp_path / "place" / "seen").exists, why="what runs behind")
            ask("copy-mode -q -t =mine:")  # what a line of the file said
        before = trace()
        said = person.runs("up", "-d")
        assert "cannot" not in said.err, said
        assert [one["result"] for one in person.asks("spawn", "1", "2")["results"]] == ["spawned"] * 2
        does(person, "1", "waiting")
        does(person, "2", "blocked")
        here = [sys.executable, "-P", "-m", "orchestra", "attach", "1"]
        if not guest:
            terminal.run(["sh", "-c", f"cd {person.where} && exec {shlex.join(here)}"])
        else:
            terminal.type(f"clear; cd {person.where}; {shlex.join(here)}")
            terminal.press("Enter")
        terminal.shows("#1")
        assert "delivered" in person.runs("tell", "1", "these words are for one").out
        person.sees("1", "stuck")
        terminal.shows("question")
        assert "these words" in person.screen("1")
        assert "these words" not in person.screen("2")
        assert person.asks("show", "2")["activity"]["state"] == "blocked"  # no key was pressed there
        prefix = person.tmux("show-options", "-gv", "prefix")
        unguarded()
        terminal.press(prefix, "O")
        eventually(lambda: "orchestra" in person.tmux("list-clients", "-F", "#{client_key_table}"), 5, "the table")
        terminal.press("t")
        terminal.shows("Enter answers")
        unguarded()
        terminal.press("2")
        person.sees("1", "complete")
        assert git("-C", repo, "show", "issue-1:colour.txt") == "blue"
        panes = person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}")
        person.runs("up", "-d")
        assert person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}") == panes
        git("-C", repo, "merge", "-q", "issue-1")
        person.sees("1", "merged")
        assert person.asks("prune")["removed"] == ["1"]
        person.runs("down")
        if guest:
            eventually(lambda: not changed(before, trace()), 10, "no trace of us")
        else:
            assert "@" not in ask("-L orchestra list-windows -a -F #{window_id}")
    subprocess.run(["tmux", "kill-server"], capture_output=True, check=False)


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    pairs = ((before[one].split("\n"), after[one].split("\n")) for one in before)
    return [line for one, other in pairs if one != other for line in {*one} ^ {*other}]


def does(person: Person, number: str, activity: str) -> None:
    eventually(lambda: person.asks("show", number)["activity"]["state"] == activity, 40, f"#{number} {activity}")


@pytest.mark.parametrize("alias", ["list-panes=display-message no", "kill-session=confirm-before kill-session"])
def test_an_alias_that_takes_the_name_of_a_command_is_named(alias: str, person: Person, home: Path) -> None:
    (home / ".tmux.conf").write_text(f"set -s command-alias[101] '{alias}'\n")
    if person.socket == "default":
        subprocess.run(["tmux", "new-session", "-d", "-s", "mine", "sleep 1000"], check=True)
    person.runs("up", "-d", code=None)
    wrong = person.runs("down" if person.socket == "orchestra" else "up", code=1).err
    assert f"makes {alias.partition('=')[0]} do something else" in wrong
    subprocess.run(shlex.split(wrong.partition("and here: ")[2]), check=True, env=person.environ)
    person.runs("up", "-d")
    person.runs("down")


def test_windows_of_a_manual_size(person: Person, home: Path) -> None:
    """Several versions of tmux end, with all that runs in them, when a window is opened then."""
    if person.socket == "orchestra":
        (home / ".tmux.conf").write_text("set -g window-size manual\n")
        person.runs("up", "-d")
        assert person.tmux("show-options", "-gwv", "window-size") == "latest"
        return
    subprocess.run(["tmux", "new-session", "-d", "-s", "mine", "sleep 1000"], check=True)
    ask("set -g window-size manual")
    if this_tmux().has(MANUAL_SIZE):
        person.runs("up", "-d")
    else:
        assert "tmux set -g window-size latest" in person.runs("up", "-d", code=1).err
    assert "mine" in ask("list-sessions")
