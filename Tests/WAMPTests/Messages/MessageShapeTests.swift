import Testing

@testable import WAMP

@Suite struct MessageShapeTests {
    /// The table compared with the specification's, in the same layout.
    @Test(arguments: [
        (MessageKind.hello, 1, "HELLO", 3, 3), (.welcome, 2, "WELCOME", 3, 3), (.abort, 3, "ABORT", 3, 5),
        (.challenge, 4, "CHALLENGE", 3, 3), (.authenticate, 5, "AUTHENTICATE", 3, 3), (.goodbye, 6, "GOODBYE", 3, 3),
        (.error, 8, "ERROR", 5, 7), (.publish, 16, "PUBLISH", 4, 6), (.published, 17, "PUBLISHED", 3, 3),
        (.subscribe, 32, "SUBSCRIBE", 4, 4), (.subscribed, 33, "SUBSCRIBED", 3, 3),
        (.unsubscribe, 34, "UNSUBSCRIBE", 3, 3), (.unsubscribed, 35, "UNSUBSCRIBED", 2, 3), (.event, 36, "EVENT", 4, 6),
        (.call, 48, "CALL", 4, 6), (.cancel, 49, "CANCEL", 3, 3), (.result, 50, "RESULT", 3, 5),
        (.register, 64, "REGISTER", 4, 4), (.registered, 65, "REGISTERED", 3, 3),
        (.unregister, 66, "UNREGISTER", 3, 3), (.unregistered, 67, "UNREGISTERED", 2, 3),
        (.invocation, 68, "INVOCATION", 4, 6), (.interrupt, 69, "INTERRUPT", 3, 3), (.yield, 70, "YIELD", 3, 5),
    ])
    func row(kind: MessageKind, code: Int, name: String, least: Int, most: Int) {
        #expect(kind.rawValue == code)
        #expect(kind.name == name)
        #expect(kind.shape.least == least)
        #expect(kind.shape.most == most)
        #expect(kind.shape.most <= MessageShape.mostElements)
        #expect(kind.shape.element(at: most) == .none)
        for index in 1..<most { #expect(kind.shape.element(at: index) != .none) }
    }

    @Test func sixRequestsCanFail() {
        #expect(MessageKind.allCases.filter(\.canFail).map(\.rawValue) == [16, 32, 34, 48, 64, 66])
    }

    @Test func answersAreOfWhatWasAsked() {
        #expect(MessageKind.registered.shape.answered == .register)
        #expect(MessageKind.result.shape.answered == .call)
        #expect(MessageKind.event.shape.answered == nil)
        for kind in MessageKind.allCases where kind.canFail {
            #expect(MessageKind.allCases.contains { $0.shape.answered == kind })
        }
    }
}
