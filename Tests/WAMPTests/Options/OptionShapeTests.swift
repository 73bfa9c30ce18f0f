import Testing

@testable import WAMP

@Suite struct OptionShapeTests {
    @Test(
        arguments: [
            (MessageKind.publish, ["acknowledge": Value.bool(true), "eligible": .list([.integer(1)])]),
            (.publish, [:]), (.publish, ["_mine": .null, "x_mine": .integer(1), "_a_1": .bool(true)]),
            (.publish, ["exclude_authid": .list(["a"]), "exclude": .list([])]),
            (.register, ["concurrency": .integer(1), "invoke": "roundrobin", "match": "prefix"]),
            (.call, ["timeout": .integer(0)]), (.cancel, ["mode": "kill"]), (.yield, ["progress": .bool(false)]),
            (.event, ["whatever": .integer(1), "topic": "a.b"]),
        ] as [(MessageKind, [String: Value])])
    func takes(kind: MessageKind, options: [String: Value]) throws {
        try kind.check(options: options)
    }

    @Test(arguments: [
        (MessageKind.publish, "acknowledge", Value.integer(1)), (.publish, "acknowledge", .null),
        (.publish, "eligible", .list([.integer(0)])), (.publish, "eligible", .integer(1)),
        (.publish, "exclude_authid", .list([.integer(1)])), (.publish, "acknowlege", .bool(true)),
        (.publish, "_x", .bool(true)), (.publish, "_Mine", .bool(true)), (.publish, "match", "exact"),
        (.call, "timeout", .double(1.5)), (.call, "timeout", .integer(-1)), (.register, "concurrency", .integer(0)),
        (.register, "invoke", "all"), (.cancel, "mode", "gently"), (.subscribe, "invoke", "single"),
        (.unsubscribe, "match", "exact"),
    ])
    func refuses(kind: MessageKind, option: String, value: Value) {
        let error = #expect(throws: OptionError.self) { try kind.check(options: [option: value]) }
        #expect(error?.option == option)
        #expect(error?.message == kind)
    }

    @Test func saysWhatIsWrong() {
        #expect(
            OptionError(message: .publish, option: "acknowledge", expectation: "true or false").description
                == "option 'acknowledge' of PUBLISH must be true or false")
        #expect(
            OptionError(message: .publish, option: "a", expectation: nil).description == "PUBLISH has no option 'a'")
    }

    @Test func publishOptions() throws {
        let options = try PublishOptions(["exclude_me": .bool(false), "eligible_authrole": .list(["a", "b"])])
        #expect(options.text == #"{"eligible_authrole":["a","b"],"exclude_me":false}"#)
        #expect(!options.acknowledge)
        let acknowledged = options.acknowledged(true)
        #expect(acknowledged.acknowledge)
        #expect(acknowledged.text == #"{"acknowledge":true,"eligible_authrole":["a","b"],"exclude_me":false}"#)
        #expect(acknowledged.acknowledged(false) == options)
        #expect(throws: OptionError.self) { try PublishOptions(["retain": .integer(1)]) }
        #expect(PublishOptions.none.text == "{}")
    }
}
