/// The statements that a session has prepared, and what is sent for a unit of work because of that.
struct PreparedStatements {
    private enum Stage {
        /// Its PREPARE has not been answered.
        case preparing
        /// The same, and it will not be used again. If its PREPARE fails there is nothing to give back, and DEALLOCATE
        /// would fail the work that it stands in front of.
        case leaving
        case prepared
    }

    /// More than these are a sign of a leak in what uses them.
    static let most = 1000

    private var stages: [Statement: Stage] = [:]
    /// Those that the server still has to give back.
    private var retired: [Statement] = []

    /// Whether there are so many that the connection should be given up.
    var areTooMany: Bool { self.stages.count > Self.most }

    /// What is sent for a unit of work, in order, without its Sync. What it prepares and gives back counts as on its
    /// way.
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

    /// The same, with whatever has to be prepared, given back or begun on the way. The command is prepared behind the
    /// prelude, because whether its names may be used depends on the role that the prelude sets.
    private mutating func seldomCommands(for work: Work) -> [PipelineStateMachine.Command] {
        var commands: [PipelineStateMachine.Command] = []
        // Behind another statement, without a Sync in between, newer servers don't let CALL commit.
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

    /// The statement was not prepared after all.
    mutating func notPrepared(_ statement: Statement) {
        self.stages[statement] = nil
    }

    /// The statement will not be used again: the server gets to know with the next work.
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
