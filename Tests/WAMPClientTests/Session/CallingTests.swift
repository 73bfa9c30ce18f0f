import NIOCore
import Names
import Testing
import WAMP

@testable import WAMPClient

/// The caller's side: results in parts, deadlines, and canceled calls.
@Suite struct CallingTests {
    private let procedure: URI
    private let setup: ConnectionTests.Setup

    init() throws {
        self.procedure = try URI("com.procedure")
        self.setup = try ConnectionTests.Setup.joined()
    }

    /// What a call's completion gets, in short form.
    private final class Outcome {
        var log: [String] = []

        func take(_ result: Result<CallResult, RequestError>) {
            switch result {
            case .success(let result):
                let text = result.payload.arguments.map { String(buffer: $0) } ?? "-"
                self.log.append(result.isProgress ? "part \(text)" : "result \(text)")
            case .failure(let error): self.log.append("\(error.code) \(error.uri)")
            }
        }
    }

    private func call(
        _ options: CallOptions = CallOptions(), timeout: TimeAmount = .seconds(9)
    ) throws -> (RequestID, Outcome) {
        let outcome = Outcome()
        let id = try #require(
            self.setup.session().call(
                self.procedure, options: options, payload: .empty, timeout: timeout, completion: outcome.take))
        _ = try self.setup.sent()
        return (id, outcome)
    }

    /// A router that announces progressive results.
    private func progressive() throws -> ConnectionTests.Setup {
        let setup = try ConnectionTests.Setup()
        _ = try setup.sent()
        try setup.receive(
            #"[2,7,{"roles":{"dealer":{"features":{"progressive_call_results":true,"call_canceling":true}},"#
                + #""broker":{}}}]"#)
        return setup
    }

    /// Past its deadline a call is out of time, whichever clock rings first: the dealer's, the callee's or ours. Before
    /// that the error is the procedure's own.
    @Test func deadlinesThatOthersKeepToo() throws {
        for (passed, expected) in [(TimeAmount.milliseconds(990), "timeout"), (.milliseconds(500), "refused")] {
            let (id, outcome) = try self.call(timeout: .seconds(1))
            self.setup.pass(passed)
            try self.setup.receive(#"[8,48,\#(id),{},"wamp.error.timeout"]"#)
            #expect(outcome.log == ["\(expected) wamp.error.timeout"])
        }
    }

    @Test func resultsInParts() throws {
        let setup = try self.progressive()
        let outcome = Outcome()
        try setup.session().call(
            self.procedure, options: CallOptions(receiveProgress: true), payload: .empty, timeout: .seconds(9),
            completion: outcome.take)
        #expect(try setup.sent() == [#"[48,1,{"receive_progress":true},"com.procedure"]"#])
        try setup.receive(#"[50,1,{"progress":true},[1]]"#)
        try setup.receive(#"[50,1,{"progress":true},[2]]"#)
        #expect(outcome.log == ["part [1]", "part [2]"])
        try setup.receive("[50,1,{}]")
        try setup.receive(#"[50,1,{"progress":true},[3]]"#)
        #expect(outcome.log == ["part [1]", "part [2]", "result -"])
        #expect(setup.user.fault == nil)
    }

    /// The timeout is for the whole call: parts do not prolong it.
    @Test func partsDoNotProlongACall() throws {
        let setup = try self.progressive()
        let outcome = Outcome()
        try setup.session().call(
            self.procedure, options: CallOptions(receiveProgress: true), payload: .empty, timeout: .seconds(3),
            completion: outcome.take)
        _ = try setup.sent()
        for _ in 1...2 {
            setup.pass(.seconds(1))
            try setup.receive(#"[50,1,{"progress":true},[1]]"#)
        }
        setup.pass(.seconds(1))
        #expect(outcome.log == ["part [1]", "part [1]", "timeout wamp.error.timeout"])
        #expect(try setup.sent() == [#"[49,1,{"mode":"killnowait"}]"#])
        try setup.receive(#"[50,1,{"progress":true},[1]]"#)
        #expect(outcome.log.count == 3)
    }

    /// A callee can send them through a router that allows it.
    @Test func unaskedPartsAreDropped() throws {
        let (_, outcome) = try self.call()
        try self.setup.receive(#"[50,1,{"progress":true},[1]]"#)
        #expect(outcome.log.isEmpty)
        #expect(self.setup.user.observed.contains { if case .dropped(.unaskedProgress) = $0 { true } else { false } })
        try self.setup.receive("[50,1,{},[2]]")
        #expect(outcome.log == ["result [2]"])
        #expect(self.setup.user.fault == nil)
    }

    @Test(arguments: [CancelMode.skip, .killnowait]) func canceledAtOnce(_ mode: CancelMode) throws {
        let (id, outcome) = try self.call()
        try self.setup.session().cancel(id, mode: mode)
        #expect(try self.setup.sent() == [#"[49,1,{"mode":"\#(mode.rawValue)"}]"#])
        #expect(outcome.log == ["canceled wamp.error.canceled"])
        try self.setup.receive(#"[8,48,1,{},"wamp.error.canceled"]"#)
        #expect(outcome.log.count == 1)
    }

    @Test(arguments: [
        (#"[8,48,1,{},"wamp.error.canceled"]"#, "refused wamp.error.canceled"), ("[50,1,{},[7]]", "result [7]"),
        (#"[8,48,1,{},"com.error.own"]"#, "refused com.error.own"),
    ])
    func killWaitsForTheCallee(_ answer: String, _ expected: String) throws {
        let (id, outcome) = try self.call()
        let session = try self.setup.session()
        session.cancel(id, mode: .kill)
        session.cancel(id, mode: .kill)
        #expect(outcome.log.isEmpty)
        #expect(try self.setup.sent() == [#"[49,1,{"mode":"kill"}]"#])
        try self.setup.receive(answer)
        #expect(outcome.log == [expected])
        self.setup.pass(.seconds(4))
        #expect(outcome.log.count == 1)
        #expect(self.setup.user.fault == nil)
    }

    /// Crossbar.io never answers if the callee can't be interrupted.
    @Test func killEndsByItself() throws {
        let setup = try ConnectionTests.Setup.joined { $0.cancelPatience = .seconds(2) }
        let outcome = Outcome()
        let session = try setup.session()
        let id = try #require(
            session.call(self.procedure, payload: .empty, timeout: .seconds(60), completion: outcome.take))
        session.cancel(id, mode: .kill)
        _ = try setup.sent()
        setup.pass(.milliseconds(1999))
        #expect(outcome.log.isEmpty)
        setup.pass(.milliseconds(1))
        #expect(outcome.log == ["canceled wamp.error.canceled"])
        #expect(try setup.sent().isEmpty)
    }

    @Test func killEndsByTheCallsOwnTime() throws {
        let (id, outcome) = try self.call(timeout: .seconds(1))
        try self.setup.session().cancel(id, mode: .kill)
        _ = try self.setup.sent()
        self.setup.pass(.seconds(1))
        #expect(outcome.log == ["canceled wamp.error.canceled"])
        #expect(try self.setup.sent().isEmpty)
    }

    @Test func impatienceEndsTheWaitForACanceledCall() throws {
        let (id, outcome) = try self.call()
        let session = try self.setup.session()
        session.cancel(id, mode: .kill)
        _ = try self.setup.sent()
        session.cancel(id, mode: .killnowait)
        #expect(outcome.log == ["canceled wamp.error.canceled"])
        #expect(try self.setup.sent().isEmpty)
    }

    @Test(arguments: CancelMode.allCases) func cancelOnlyWhereItIsUnderstood(_ mode: CancelMode) throws {
        let setup = try ConnectionTests.Setup()
        _ = try setup.sent()
        try setup.receive(#"[2,7,{"roles":{"dealer":{"features":{"call_timeout":true}},"broker":{}}}]"#)
        let outcome = Outcome()
        let session = try setup.session()
        let id = try #require(
            session.call(self.procedure, payload: .empty, timeout: .seconds(2), completion: outcome.take))
        #expect(try setup.sent() == [#"[48,1,{"timeout":2000},"com.procedure"]"#])
        session.cancel(id, mode: mode)
        #expect(outcome.log == ["canceled wamp.error.canceled"])
        #expect(try setup.sent().isEmpty)
    }
}
