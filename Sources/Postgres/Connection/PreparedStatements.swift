/// The prepared statements of a session, and the commands that a unit of work needs because of them.
struct PreparedStatements {
    private enum Stage {
        /// The answer to its PREPARE has not come.
        case preparing
        /// The same, and it will not be used again. If its PREPARE fails there is nothing to deallocate, and DEALLOCATE
        /// would fail the work that follows it.
        case leaving
        case prepared
    }

    /// More than these show that the users of the session leak statements.
    static let most = 1000

    private var stages: [Statement: Stage] = [:]
    /// Those that must still be deallocated at the server.
    private var retired: [Statement] = []

    /// Whether there are so many that the connection should be given up.
    var areTooMany: Bool { self.stages.count > Self.most }

    /// The commands of a unit of work, in order, without its Sync. The statements that it prepares and deallocates
    /// count as on their way.
    ///
    /// For nearly every work this is a constant, so that a call costs no allocation for it.
    mutating func commands(for work: Work) -> [PipelineStateMachine.Command] {
        if self.retired.isEmpty, !work.isExplicitTransaction, case .prepared(let statement, _) = work.command,
            self.stages[statement] != nil
        {
            guard let settings = work.prelude?.0 else { return PipelineStateMachine.main }
            if self.stages[settings] != nil { return PipelineStateMachine.preludeAndMain }
        }
        return self.seldomCommands(for: work)
    }

    /// The same, with the statements to be prepared, deallocated or begun on the way. The command is prepared after the
    /// prelude, because the role that the prelude sets decides whether its names may be used.
    private mutating func seldomCommands(for work: Work) -> [PipelineStateMachine.Command] {
        var commands: [PipelineStateMachine.Command] = []
        // After another statement without a Sync in between, newer servers don't allow CALL to commit.
        if work.settings == nil, work.isRepeatable {
            commands += self.retired.map { .deallocate($0) }
            self.retired.removeAll()
        }
        if work.isExplicitTransaction { commands.append(.begin) }
        if let settings = work.prelude?.0 {
            self.prepare(settings, &commands)
            commands.append(.prelude)
        }
        switch work.command {
        case .prepared(let statement, _):
            self.prepare(statement, &commands)
            commands.append(.main)
        case .text:
            commands.append(.main)
        case .describe:
            commands += [.parse, .describe]
        }
        if work.isExplicitTransaction { commands.append(.commit) }
        return commands
    }

    private mutating func prepare(_ statement: Statement, _ commands: inout [PipelineStateMachine.Command]) {
        guard self.stages[statement] == nil else { return }
        self.stages[statement] = .preparing
        commands.append(.prepare(statement))
    }

    /// The statement is prepared.
    mutating func prepared(_ statement: Statement) {
        switch self.stages[statement] {
        case .preparing:
            self.stages[statement] = .prepared
        case .leaving:
            self.stages[statement] = nil
            self.retired.append(statement)
        case .prepared, nil:
            break
        }
    }

    /// The statement was not prepared.
    mutating func notPrepared(_ statement: Statement) {
        self.stages[statement] = nil
    }

    /// The statement will not be used again: the next work deallocates it.
    mutating func retire(_ statement: Statement) {
        switch self.stages[statement] {
        case .preparing:
            self.stages[statement] = .leaving
        case .prepared:
            self.stages[statement] = nil
            self.retired.append(statement)
        case .leaving, nil:
            break
        }
    }
}
