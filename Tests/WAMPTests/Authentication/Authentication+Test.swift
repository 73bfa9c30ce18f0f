import Cryptography
import Names
import WAMP

extension Authentication {
    /// The HELLO to begin with.
    func hello(
        agent: String = "test", channelID: [UInt8]? = nil, nonce: [UInt8] = [1, 2, 3]
    ) throws -> Hello {
        var machine = AuthenticationStateMachine(self, channelID: channelID) { nonce }
        return try machine.hello(realm: try Realm("realm1"), agent: agent)
    }

    /// The work for a challenge that arrives after HELLO.
    func work(
        _ challenge: Challenge, channelID: [UInt8]? = nil, nonce: [UInt8] = [1, 2, 3]
    ) throws -> AuthenticationWork {
        var machine = AuthenticationStateMachine(self, channelID: channelID) { nonce }
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        return try machine.work(for: challenge)
    }

    /// The answer to the challenge.
    func answer(
        _ challenge: Challenge, channelID: [UInt8]? = nil, nonce: [UInt8] = [1, 2, 3]
    ) throws -> Authenticate {
        var machine = AuthenticationStateMachine(self, channelID: channelID) { nonce }
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        return machine.answered(try machine.work(for: challenge).run())
    }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// Lets tests write a value as a literal.
    package init(integerLiteral value: Int64) { self = .integer(value) }
    /// The same.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
