import TestChecks
import Testing

@testable import Postgres

@Suite("Which result belongs to which command")
struct PipelineStateMachineTests {
    @Test("a segment counts only when its sync has come")
    func plain() {
        var machine = PipelineStateMachine()
        machine.sent(PipelineStateMachine.main)
        machine.sent(PipelineStateMachine.preludeAndMain)
        check(machine.isAtMain, true)
        check(machine.received(.rows), .handRowsOver)
        check(machine.commandEnded(), .none)
        check(machine.depth, 2)
        check(machine.received(.sync), .endSegment)
        check(machine.isAtMain, false)
        check(machine.received(.rows), .none)
        check(machine.commandEnded(), .none)
        check(machine.isAtMain, true)
        check(machine.received(.row), .handRowsOver)
        check(machine.received(.rows), .handRowsOver)
        check(machine.commandEnded(), .none)
        check(machine.received(.sync), .endSegment)
        check(machine.depth, 0)
    }

    @Test("an error at commit comes after the rows, and is the segment's")
    func commitFails() {
        var machine = PipelineStateMachine()
        machine.sent(PipelineStateMachine.main)
        check(machine.received(.rows), .handRowsOver)
        check(machine.commandEnded(), .none)
        check(machine.received(.error), .keepError)
        check(machine.commandEnded(), .none)
        check(machine.received(.sync), .endSegment)
    }

    @Test("results without an end give the connection up: a dead one returns them endlessly")
    func endless() {
        var machine = PipelineStateMachine()
        machine.sent(PipelineStateMachine.main)
        check(machine.received(.error), .keepError)
        check(machine.commandEnded(), .none)
        check(machine.commandEnded(), .broken)
        var commit = PipelineStateMachine()
        commit.sent(PipelineStateMachine.main)
        check(commit.commandEnded(), .none)
        check(commit.received(.error), .keepError)
        check(commit.commandEnded(), .none)
        check(commit.commandEnded(), .broken)
    }

    @Test("the first error is kept, and skipped statements were not prepared")
    func errors() {
        let settings = Statement("select 1")
        let function = Statement("select 2")
        var machine = PipelineStateMachine()
        machine.sent([.deallocate(function), .prepare(settings), .prelude, .prepare(function), .main])
        check(machine.received(.command), .none)
        check(machine.commandEnded(), .none)
        check(machine.received(.error), .forgetAndKeepError(settings))
        check(machine.commandEnded(), .none)
        check(machine.received(.skipped), .none)
        check(machine.commandEnded(), .none)
        check(machine.received(.skipped), .forget(function))
        check(machine.commandEnded(), .none)
        check(machine.received(.skipped), .none)
        check(machine.commandEnded(), .none)
        check(machine.received(.sync), .endSegment)
    }

    @Test("a statement is prepared when the server says so")
    func prepares() {
        let statement = Statement("select 1")
        var machine = PipelineStateMachine()
        machine.sent([.prepare(statement), .main])
        check(machine.received(.command), .remember(statement))
        check(machine.commandEnded(), .none)
        check(machine.isAtMain, true)
    }

    @Test("an explicit transaction has a beginning and an end")
    func transaction() {
        var machine = PipelineStateMachine()
        machine.sent([.begin, .prelude, .main, .commit])
        for kind in [QueryResult.Kind.command, .rows] {
            check(machine.received(kind), .none)
            check(machine.commandEnded(), .none)
        }
        check(machine.received(.rows), .handRowsOver)
        check(machine.commandEnded(), .none)
        check(machine.received(.error), .keepError)
        check(machine.commandEnded(), .none)
        check(machine.received(.sync), .endSegment)
    }

    @Test("a description is handed over, and has no rows")
    func description() {
        var machine = PipelineStateMachine()
        machine.sent([.parse, .describe])
        check(machine.received(.command), .none)
        check(machine.commandEnded(), .none)
        check(machine.received(.command), .handDescriptionOver)
        check(machine.commandEnded(), .none)
        check(machine.received(.sync), .endSegment)
    }

    @Test(
        "what does not fit gives the connection up",
        arguments: [QueryResult.Kind.rows, .row, .command, .error, .skipped, .copy, .sync])
    func nothingWasSent(kind: QueryResult.Kind) {
        var machine = PipelineStateMachine()
        check(machine.received(kind), .broken)
        check(machine.commandEnded(), .broken)
    }

    @Test("a sync before the commands have ended, and rows where none are due, give the connection up")
    func misfits() {
        var early = PipelineStateMachine()
        early.sent(PipelineStateMachine.main)
        check(early.received(.sync), .broken)
        var rows = PipelineStateMachine()
        rows.sent([.deallocate(Statement("select 1")), .main])
        check(rows.received(.rows), .broken)
        var copy = PipelineStateMachine()
        copy.sent(PipelineStateMachine.main)
        check(copy.received(.copy), .broken)
        var late = PipelineStateMachine()
        late.sent(PipelineStateMachine.main)
        check(late.commandEnded(), .none)
        check(late.received(.skipped), .broken)
        check(late.commandEnded(), .broken)
    }
}
