import ArgumentParser
import Postgres
import Sidecar
import SidecarConfiguration

/// `wamp-sidecar dead-letter`.
struct DeadLetter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letter",
        abstract: "What could not be delivered: look at it, try it again, or give it up.",
        discussion: """
            Publications that the router refused, and events that a subscribed function refused, with the reason. \
            Connects to the database of the configuration file.

            EXAMPLES:
              wamp-sidecar dead-letter list --kind publish
              wamp-sidecar dead-letter retry 17 18
              wamp-sidecar dead-letter delete --all --topic com.example.old
            """,
        subcommands: [List.self, Retry.self, Delete.self])

    /// The database that holds them.
    struct Place: ParsableArguments {
        @OptionGroup var options: ConfigurationOption

        /// Does something with them.
        func with<Value>(_ body: (DeadLetters, borrowing ScriptConnection) throws -> Value) throws -> Value {
            let database = try Console.load(self.options.config).database
            let connection = try ScriptConnection(
                ConnectionSettings(url: database.url.value.reveal(), password: database.password?.reveal()))
            return try body(DeadLetters(schema: database.schema), connection)
        }
    }

    /// Some of them.
    struct Filter: ParsableArguments {
        @Option(name: .long, help: "Only of this kind: publish or event.")
        var kind: String?

        @Option(name: .long, help: "Only of this topic.")
        var topic: String?

        func validate() throws {
            guard let kind = self.kind, !["publish", "event"].contains(kind) else { return }
            throw ValidationError("--kind is 'publish' or 'event', not '\(kind)'")
        }
    }

    /// Those that a command is about.
    struct Choice: ParsableArguments {
        @Argument(help: "Their ids.")
        var ids: [Int] = []

        @Flag(name: .long, help: "All, or all of a kind or topic.")
        var all = false

        @OptionGroup var filter: Filter

        func validate() throws {
            if self.all == !self.ids.isEmpty { throw ValidationError("name ids, or else --all") }
            if !self.all, self.filter.kind != nil || self.filter.topic != nil {
                throw ValidationError("--kind and --topic go with --all")
            }
        }

        var selection: DeadLetters.Selection {
            self.all ? .all(kind: self.filter.kind, topic: self.filter.topic) : .ids(self.ids)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List them, the oldest first.")

        @OptionGroup var place: Place
        @OptionGroup var filter: Filter

        @Option(name: .long, help: "At most so many.")
        var most = 100

        @Flag(name: .long, help: "A JSON object a line, with the payload.")
        var json = false

        func run() throws {
            try Console.attempt {
                let (kind, topic) = (self.filter.kind, self.filter.topic)
                try self.place.with { letters, connection in
                    if self.json {
                        let lines = try letters.json(kind: kind, topic: topic, most: self.most, on: connection)
                        lines.forEach { print($0) }
                    } else {
                        print(Table(try letters.list(kind: kind, topic: topic, most: self.most, on: connection)).text)
                    }
                }
            }
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Have them published, or run, again.")

        @OptionGroup var place: Place
        @OptionGroup var choice: Choice

        func run() throws {
            try Console.attempt {
                let count = try self.place.with { letters, connection in
                    try letters.retry(self.choice.selection, on: connection)
                }
                print("\(count) to be tried again")
            }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give them up.")

        @OptionGroup var place: Place
        @OptionGroup var choice: Choice

        func run() throws {
            try Console.attempt {
                let count = try self.place.with { letters, connection in
                    try letters.delete(self.choice.selection, on: connection)
                }
                print("\(count) deleted")
            }
        }
    }
}
