import ArgumentParser
import SidecarConfiguration

/// A word in the place of a command that is not one.
struct UnknownCommand: Equatable {
    /// The word.
    let word: String
    /// The command before it: `wamp-sidecar`, or `wamp-sidecar dead-letter`.
    let place: String
    /// The commands that exist.
    let names: [String]

    /// Finds it in a command line; nil if there is none.
    ///
    /// - Parameters:
    ///   - words: the command line, without the program's name.
    ///   - root: the program.
    init?(in words: [String], of root: any ParsableCommand.Type) {
        var command = root
        var place = [root._commandName]
        // `help call` has commands behind `help` as well.
        for word in words.first == "help" ? words.dropFirst() : words[...] {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-") else { return nil }
            guard let next = subcommands.first(where: { $0._commandName == word }) else {
                self.word = word
                self.place = place.joined(separator: " ")
                self.names = subcommands.map { $0._commandName }
                return
            }
            command = next
            place.append(word)
        }
        return nil
    }

    /// What is wrong, and what may have been meant.
    var message: String {
        let word = "Unknown command '\(self.word.prefix(40))'"
        if let meant = Suggestion.nearest(to: self.word, among: self.names) {
            return "\(word); did you mean '\(meant)'?"
        }
        return "\(word); the commands are \(self.names.joined(separator: ", "))"
    }
}
