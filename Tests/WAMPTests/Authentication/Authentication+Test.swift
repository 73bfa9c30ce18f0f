import Cryptography
import Names
import WAMP

extension Authentication {
    /// The HELLO that begins with this.
    func hello(
        agent: String = "test", channelID: [UInt8]? = nil, nonce: [UInt8] = [1, 2, 3]
    ) throws -> Hello {
        var machine = AuthenticationStateMachine(self, channelID: channelID) { nonce }
        return try machine.hello(realm: try Realm("realm1"), agent: agent)
    }

    /// What there is to do for a challenge that comes after HELLO.
    func work(
        _ challenge: Challenge, channelID: [UInt8]? = nil, nonce: [UInt8] = [1, 2, 3]
    ) throws -> AuthenticationWork {
        var machine = AuthenticationStateMachine(self, channelID: channelID) { nonce }
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        return try machine.work(for: challenge)
    }

    /// The answer to it.
    func answer(
        _ challenge: Challenge, channelID: [UInt8]? = nil, nonce: [UInt8] = [1, 2, 3]
    ) throws -> Authenticate {
        var machine = AuthenticationStateMachine(self, channelID: channelID) { nonce }
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        return machine.answered(try machine.work(for: challenge).run())
    }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// A literal in a test is what it looks like.
    package init(integerLiteral value: Int64) { self = .integer(value) }
    /// The same.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
