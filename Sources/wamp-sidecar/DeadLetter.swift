import ArgumentParser
import Postgres
import SQLInterface
import Sidecar
import SidecarConfiguration

/// `wamp-sidecar dead-letter`.
struct DeadLetter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letter",
        abstract: "List dead letters, show them, try them again, or delete them.",
        discussion: """
            A dead letter is a publication that the router refused, or an event that a subscribed function refused, \
            with the reason. The command connects to the database of the configuration file. Exit status: 0 if it is \
            done, 1 if not or if an id is missing (what can be done to the others is done), 64 on wrong usage, 78 if \
            the configuration is faulty.

            EXAMPLES:
              wamp-sidecar dead-letter list --kind publish
              wamp-sidecar dead-letter show 17
              wamp-sidecar dead-letter retry 17 18
              wamp-sidecar dead-letter delete --all --topic com.example.old
            """,
        subcommands: [List.self, Show.self, Retry.self, Delete.self])

    /// The database that holds them.
    struct Place: ParsableArguments {
        @OptionGroup var options: ConfigurationOption

        /// Does something with the dead letters.
        func with<Value>(_ body: (DeadLetters, borrowing ScriptConnection) throws -> Value) throws -> Value {
            let database = try Console.load(self.options.config).database
            let connection = try ScriptConnection(database.connection.value)
            return try body(DeadLetters(schema: database.schema), connection)
        }
    }

    /// Selects some of them.
    struct Filter: ParsableArguments {
        @Option(name: .long, help: "Only of this kind: publish or event.", completion: .list(["publish", "event"]))
        var kind: String?

        @Option(name: .long, help: "Only of this topic.")
        var topic: String?

        func validate() throws {
            guard let kind = self.kind, !["publish", "event"].contains(kind) else { return }
            throw ValidationError("--kind must be 'publish' or 'event', not '\(kind)'")
        }
    }

    /// The dead letters that a command is for.
    struct Choice: ParsableArguments {
        @Argument(help: "Their ids.")
        var ids: [Int] = []

        @Flag(name: .long, help: "All dead letters, or all of a kind or topic.")
        var all = false

        @OptionGroup var filter: Filter

        func validate() throws {
            if self.all == !self.ids.isEmpty { throw ValidationError("name ids, or else --all") }
            if !self.all, self.filter.kind != nil || self.filter.topic != nil {
                throw ValidationError("--kind and --topic go with --all")
            }
        }

        var selection: DeadLetters.Selection {
            self.all ? .all(kind: self.filter.kind, topic: self.filter.topic) : .ids(Set(self.ids))
        }
    }

    /// Ends with 1 if an id had no effect.
    private static func report(missing: [Int], unchanged: [Int] = []) throws {
        for id in missing { Console.complain("no dead letter has the id \(id)") }
        for id in unchanged {
            Console.complain(
                "dead letter \(id) can't be tried again: its arguments can't be read (see 'unreadable' of show)")
        }
        if !missing.isEmpty || !unchanged.isEmpty { throw ExitCode.failure }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List dead letters, the oldest first, without their payloads.",
            usage: "wamp-sidecar dead-letter list [<options>]",
            discussion: """
                On a terminal long values are cut; in a pipe or a file they are whole. What is left out is reported \
                on standard error. wamp-sidecar dead-letter show ID shows all of one.
                """)

        @OptionGroup var place: Place
        @OptionGroup var filter: Filter

        @Option(name: .long, help: "At most this number.")
        var most = 100

        @Flag(name: .long, help: "Print a JSON object a line, with the payload.")
        var json = false

        func validate() throws {
            if self.most < 1 { throw ValidationError("--most must be a number from 1") }
        }

        func run() throws {
            try Console.attempt {
                let (kind, topic) = (self.filter.kind, self.filter.topic)
                try self.place.with { letters, connection in
                    var shown = 0
                    if self.json {
                        try letters.json(kind: kind, topic: topic, most: self.most, on: connection) {
                            print($0)
                            shown += 1
                        }
                    } else {
                        let isOnTerminal = Console.isOnTerminal
                        var table = Table(DeadLetters.columns, isWhole: !isOnTerminal)
                        try letters.list(
                            kind: kind, topic: topic, most: self.most, longest: isOnTerminal ? Table.widest + 1 : nil,
                            on: connection
                        ) {
                            table.take($0)
                            shown += 1
                        }
                        table.print()
                    }
                    let all = shown < self.most ? shown : try letters.count(kind: kind, topic: topic, on: connection)
                    self.tell(shown: shown, of: max(all, shown))
                }
            }
        }

        /// Reports what the list leaves out.
        private func tell(shown: Int, of all: Int) {
            if all > shown {
                Console.complain("note: the oldest \(shown) of \(all) dead letters; --most \(all) lists all")
            }
            if shown > 0, !self.json {
                Console.complain("note: payloads are left out; wamp-sidecar dead-letter show ID shows all of one")
            }
            if all == 0 { Console.complain("note: no dead letters") }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show all fields of dead letters: payload, options, message.",
            discussion: """
                Each field is a line. Fields without a value are left out. An empty line stands between two dead \
                letters.
                """)

        @OptionGroup var place: Place

        @Argument(help: "Their ids.")
        var ids: [Int]

        @Flag(name: .long, help: "Print a JSON object a line.")
        var json = false

        func run() throws {
            try Console.attempt {
                let ids = Set(self.ids)
                let found = try self.place.with { letters, connection in
                    let found = try letters.present(ids, on: connection)
                    if self.json {
                        try letters.json(found, on: connection) { print($0) }
                    } else {
                        var last: Int?
                        try letters.show(found, on: connection) { field in
                            if let last, last != field.letter { print() }
                            last = field.letter
                            Self.show(field)
                        }
                    }
                    return found
                }
                try DeadLetter.report(missing: ids.subtracting(found).sorted())
            }
        }

        /// A field's value stands behind the longest name; its further lines stand below the first.
        private static func show(_ field: DeadLetterField) {
            let margin = String(repeating: " ", count: 14)
            let text = Console.isOnTerminal ? LogText.visible(field.value) : field.value
            let isOneLine = !text.utf8.contains(UInt8(ascii: "\n"))
            print(field.name, terminator: String(margin.dropFirst(field.name.count)))
            print(isOneLine ? text : text.replacing("\n", with: "\n" + margin))
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have dead letters published, or run, again.",
            usage: """
                wamp-sidecar dead-letter retry [<options>] <ids> ...
                wamp-sidecar dead-letter retry [<options>] --all
                """)

        @OptionGroup var place: Place
        @OptionGroup var choice: Choice

        func run() throws {
            try Console.attempt {
                let change = try self.place.with { letters, connection in
                    try Console.withProgress("dead letters retried") { progress in
                        try letters.retry(self.choice.selection, on: connection, progress: progress)
                    }
                }
                print("\(change.count) to be tried again")
                try DeadLetter.report(missing: change.missing, unchanged: change.unchanged)
            }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete dead letters.",
            usage: """
                wamp-sidecar dead-letter delete [<options>] <ids> ...
                wamp-sidecar dead-letter delete [<options>] --all
                """)

        @OptionGroup var place: Place
        @OptionGroup var choice: Choice

        func run() throws {
            try Console.attempt {
                let change = try self.place.with { letters, connection in
                    try Console.withProgress("dead letters deleted") { progress in
                        try letters.delete(self.choice.selection, on: connection, progress: progress)
                    }
                }
                print("\(change.count) deleted")
                try DeadLetter.report(missing: change.missing, unchanged: change.unchanged)
            }
        }
    }
}
