import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("The commands of a unit of work")
struct PreparedStatementsTests {
    private typealias Command = PipelineStateMachine.Command

    private let settings = Statement("select pg_catalog.set_config($1, $2, true)")
    private let function = Statement("select f($1)")
    private let other = Statement("select g($1)")

    private final class Handler: WorkHandler {
        func received(_ row: borrowing ResultRow, of work: Work) {}
        func restarted(_ work: Work) {}
        func ended(_ work: Work, outcome: WorkOutcome) {}
    }

    private func work(
        _ command: Work.Command, prelude: Bool = false, isRepeatable: Bool = true, isExplicitTransaction: Bool = false,
        settings: String? = nil
    ) -> Work {
        Work(
            lane: LaneID(index: 0), command: command, prelude: prelude ? (self.settings, Parameters()) : nil,
            isRepeatable: isRepeatable, isExplicitTransaction: isExplicitTransaction, settings: settings,
            timeout: .seconds(1), expires: .distantFuture, handler: Handler())
    }

    private func call(_ statement: Statement, prelude: Bool = false) -> Work {
        self.work(.prepared(statement, Parameters()), prelude: prelude)
    }

    @Test("a statement is prepared on the way, once, and after the call's settings")
    func preparing() {
        var statements = PreparedStatements()
        check(statements.commands(for: self.call(self.function)), [.prepare(self.function), .main])
        check(statements.commands(for: self.call(self.function)), [.main], "that is on its way")
        statements.prepared(self.function)
        check(statements.commands(for: self.call(self.function)), [.main])
        check(
            statements.commands(for: self.call(self.function, prelude: true)),
            [.prepare(self.settings), .prelude, .main])
        check(statements.commands(for: self.call(self.function, prelude: true)), [.prelude, .main])
        check(
            statements.commands(for: self.call(self.other, prelude: true)),
            [.prelude, .prepare(self.other), .main])
    }

    @Test("one that could not be prepared is prepared again")
    func failing() {
        var statements = PreparedStatements()
        _ = statements.commands(for: self.call(self.function))
        statements.notPrepared(self.function)
        check(statements.commands(for: self.call(self.function)), [.prepare(self.function), .main])
    }

    @Test("one that is not used any more is deallocated with the next work")
    func retiring() {
        var statements = PreparedStatements()
        _ = statements.commands(for: self.call(self.function))
        statements.prepared(self.function)
        statements.retire(self.other)
        check(statements.commands(for: self.call(self.function)), [.main], "that was never there")
        statements.retire(self.function)
        statements.retire(self.function)
        check(
            statements.commands(for: self.call(self.other)), [.deallocate(self.function), .prepare(self.other), .main])
        check(statements.commands(for: self.call(self.other)), [.main])
    }

    @Test("as soon as it is known to be prepared; if it was not there is nothing to deallocate")
    func retiringEarly() {
        var statements = PreparedStatements()
        _ = statements.commands(for: self.call(self.function))
        statements.retire(self.function)
        check(statements.commands(for: self.work(.text("select", Parameters()))), [.main])
        statements.prepared(self.function)
        check(statements.commands(for: self.work(.text("select", Parameters()))), [.deallocate(self.function), .main])
        _ = statements.commands(for: self.call(self.other))
        statements.retire(self.other)
        statements.notPrepared(self.other)
        check(statements.commands(for: self.work(.text("select", Parameters()))), [.main])
    }

    @Test("nothing is deallocated ahead of a CALL, which could not commit then")
    func procedures() {
        var statements = PreparedStatements()
        _ = statements.commands(for: self.call(self.function))
        statements.prepared(self.function)
        statements.retire(self.function)
        let text = Work.Command.text("call p()", Parameters())
        check(statements.commands(for: self.work(text, isRepeatable: false)), [.main])
        check(statements.commands(for: self.work(text, settings: "set a to b")), [.main])
        check(statements.commands(for: self.work(text)), [.deallocate(self.function), .main])
    }

    @Test("a transaction of several statements is begun and committed; a description is asked for in two steps")
    func forms() {
        var statements = PreparedStatements()
        _ = statements.commands(for: self.call(self.function, prelude: true))
        let call = Work.Command.prepared(self.function, Parameters())
        check(
            statements.commands(for: self.work(call, prelude: true, isExplicitTransaction: true)),
            [.begin, .prelude, .main, .commit])
        check(statements.commands(for: self.work(.describe("select 1"))), [.parse, .describe])
    }

    @Test("the number of statements is limited")
    func leak() {
        var statements = PreparedStatements()
        for _ in 0..<PreparedStatements.most { _ = statements.commands(for: self.call(Statement("select 1"))) }
        check(statements.areTooMany, false)
        _ = statements.commands(for: self.call(Statement("select 1")))
        check(statements.areTooMany, true)
    }
}
