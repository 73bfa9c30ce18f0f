import Testing

@testable import load

struct ServeStageTests {
    @Test func publicationsAndCallsAreCountedAndAnswered() throws {
        let peer = try ScriptedPeer(saying: [
            #"[16,1,{"acknowledge":true},"com.example.bench",[5]]"#, #"[16,2,{},"com.example.bench"]"#,
            #"[48,3,{},"com.example.echo",[7,{"a":"]"}],{"ignored":1}]"#, #"[48,4,{},"wamp.session.count"]"#,
        ])
        var turns: [Int] = []
        let outcome = try peer.meet {
            try ServeStage().run(on: $0, until: { true }, turn: { turns.append($0.publications) })
        }
        #expect(outcome.publications == 2)
        #expect(outcome.calls == 1)
        #expect(turns.first == 2)
        #expect(peer.heard() == ["[17,1,1001]", #"[50,3,{},[7,{"a":"]"}]]"#, "[50,4,{},[1]]"])
    }

    @Test func registrationsAndSubscriptionsAreKnown() throws {
        let peer = try ScriptedPeer(saying: [
            #"[64,1,{},"com.example.add2"]"#, #"[32,2,{"match":"prefix"},"com.example.a"]"#,
            #"[32,3,{},"com.example.b"]"#, "[34,4,1002]",
        ])
        try peer.meet { router in
            _ = try ServeStage().run(on: router, until: { true })
            #expect(router.registrations == ["com.example.add2": 1001])
            #expect(router.subscriptions == ["com.example.b": 1003])
        }
        #expect(peer.heard() == ["[65,1,1001]", "[33,2,1002]", "[33,3,1003]", "[35,4]"])
    }

    @Test(arguments: ["[48,1,{}]", #"[48,1,{},"com.example.echo",]"#, "[34,1]"])
    func malformedMessagesEndTheStage(message: String) throws {
        let peer = try ScriptedPeer(saying: [message])
        #expect(throws: LoadError.self) { try peer.meet { try ServeStage().run(on: $0, until: { true }) } }
    }
}
