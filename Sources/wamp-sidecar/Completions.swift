import ArgumentParser

/// `wamp-sidecar completions`.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a script that completes command lines in a shell.",
        discussion: """
            The Debian package installs the scripts of all three shells.

            EXAMPLES:
              source <(wamp-sidecar completions bash)
              wamp-sidecar completions zsh > ~/.zfunc/_wamp-sidecar
              wamp-sidecar completions fish > ~/.config/fish/completions/wamp-sidecar.fish
            """)

    /// The shells that there is a script for.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var script: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() {
        print(WampSidecar.completionScript(for: self.shell.script))
    }
}

extension CompletionKind {
    /// A configuration file.
    static let configurationFile = CompletionKind.file(extensions: ["yaml", "yml"])
}
