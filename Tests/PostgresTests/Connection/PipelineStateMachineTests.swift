import Testing

@testable import Postgres

@Suite("Which result belongs to which command")
struct PipelineStateMachineTests {
    @Test("a segment counts only when its sync is in")
    func plain() {
        var machine = PipelineStateMachine()
        machine.sent(PipelineStateMachine.main)
        machine.sent(PipelineStateMachine.preludeAndMain)
        #expect(machine.isAtMain)
        #expect(machine.received(.rows) == .handRowsOver)
        #expect(machine.commandEnded() == .none)
        #expect(machine.depth == 2)
        #expect(machine.received(.sync) == .endSegment)
        #expect(!machine.isAtMain)
        #expect(machine.received(.rows) == .none)
        #expect(machine.commandEnded() == .none)
        #expect(machine.isAtMain)
        #expect(machine.received(.row) == .handRowsOver)
        #expect(machine.received(.rows) == .handRowsOver)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.sync) == .endSegment)
        #expect(machine.depth == 0)
    }

    @Test("an error at commit comes after the rows, and is the segment's")
    func commitFails() {
        var machine = PipelineStateMachine()
        machine.sent(PipelineStateMachine.main)
        #expect(machine.received(.rows) == .handRowsOver)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.error) == .keepError)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.sync) == .endSegment)
    }

    @Test("the first error is kept, and what was skipped was not prepared")
    func errors() {
        let settings = Statement("select 1")
        let function = Statement("select 2")
        var machine = PipelineStateMachine()
        machine.sent([.deallocate, .prepare(settings), .prelude, .prepare(function), .main])
        #expect(machine.received(.command) == .none)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.error) == .forgetAndKeepError(settings))
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.skipped) == .none)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.skipped) == .forget(function))
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.skipped) == .none)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.sync) == .endSegment)
    }

    @Test("a transaction of its own has a beginning and an end")
    func transaction() {
        var machine = PipelineStateMachine()
        machine.sent([.begin, .prelude, .main, .commit])
        for kind in [QueryResult.Kind.command, .rows] {
            #expect(machine.received(kind) == .none)
            #expect(machine.commandEnded() == .none)
        }
        #expect(machine.received(.rows) == .handRowsOver)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.error) == .keepError)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.sync) == .endSegment)
    }

    @Test("a description is handed over, and has no rows")
    func description() {
        var machine = PipelineStateMachine()
        machine.sent([.parse, .describe])
        #expect(machine.received(.command) == .none)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.command) == .handDescriptionOver)
        #expect(machine.commandEnded() == .none)
        #expect(machine.received(.sync) == .endSegment)
    }

    @Test(
        "what does not fit gives the connection up",
        arguments: [QueryResult.Kind.rows, .row, .command, .error, .skipped, .copy, .sync])
    func nothingWasSent(kind: QueryResult.Kind) {
        var machine = PipelineStateMachine()
        #expect(machine.received(kind) == .broken)
        #expect(machine.commandEnded() == .broken)
    }

    @Test("a sync before the commands have ended, and rows where none are due, give the connection up")
    func misfits() {
        var early = PipelineStateMachine()
        early.sent(PipelineStateMachine.main)
        #expect(early.received(.sync) == .broken)
        var rows = PipelineStateMachine()
        rows.sent([.deallocate, .main])
        #expect(rows.received(.rows) == .broken)
        var copy = PipelineStateMachine()
        copy.sent(PipelineStateMachine.main)
        #expect(copy.received(.copy) == .broken)
        var late = PipelineStateMachine()
        late.sent(PipelineStateMachine.main)
        #expect(late.commandEnded() == .none)
        #expect(late.received(.skipped) == .broken)
        #expect(late.commandEnded() == .broken)
    }
}
