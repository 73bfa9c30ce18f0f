import Names
import SidecarConfiguration
import Testing

@Suite struct NotificationsTests {
    @Test func publish() throws {
        let text = """
            notifications:
              "Order Changed":
                publish: "com.example.order.{id}.moved"
                options:
                  acknowledge: true
                  exclude_me: false
                  disclose_me: true
                  retain: true
                  exclude: [1, 9007199254740992]
                  exclude_authid: [a]
                  exclude_authrole: [b, c]
                  eligible: []
                  eligible_authid: [d]
                  eligible_authrole: [e]
            """
        let notification = try #require(try load(text).notifications.first)
        #expect(notification.channel == "Order Changed")
        #expect(notification.location == Location(line: 2, column: 3))
        guard case .publish(let topic, let options) = notification.action else {
            Issue.record("no publish")
            return
        }
        #expect(topic.value.parts == [.text("com.example.order."), .key("id"), .text(".moved")])
        #expect(topic.location == Location(line: 3, column: 14))
        var expected = PublishSettings()
        expected.acknowledge = true
        expected.excludeMe = false
        expected.discloseMe = true
        expected.retain = true
        expected.exclude = [1, 1 << 53]
        expected.excludeAuthid = ["a"]
        expected.excludeAuthrole = ["b", "c"]
        expected.eligible = []
        expected.eligibleAuthid = ["d"]
        expected.eligibleAuthrole = ["e"]
        #expect(options == expected)
    }

    @Test func publishWithoutOptions() throws {
        let notification = try #require(try load("notifications: { c: { publish: t.u } }").notifications.first)
        guard case .publish(let topic, let options) = notification.action else {
            Issue.record("no publish")
            return
        }
        #expect(topic.value.fixed != nil && options == PublishSettings())
    }

    @Test func call() throws {
        let text = "notifications: { work: { call: com.example.run, result: public.done, timeout: 1m } }"
        let notification = try #require(try load(text).notifications.first)
        guard case .call(let procedure, let result, let timeout) = notification.action else {
            Issue.record("no call")
            return
        }
        #expect(
            procedure.value.text == "com.example.run" && result?.value.text == "public.done" && timeout == .seconds(60))
    }

    @Test(arguments: [
        ("{ publish: t, call: p }", "'call' in notification 'c' can't be combined with 'publish'"),
        ("{ publish: t, result: f }", "'result' in notification 'c' is for 'call' only"),
        ("{ publish: t, timeout: 1s }", "'timeout' in notification 'c' is for 'call' only"),
        ("{ call: p, options: { retain: true } }", "'options' in notification 'c' is for 'publish' only"),
        ("{}", "neither 'publish' nor 'call' is given in notification 'c'"),
        ("", "neither 'publish' nor 'call' is given in notification 'c'"),
        ("com.example.t", "there is a single value where keys are expected in notification 'c'"),
        ("{ publish: \"t.{id\" }", "'publish' in notification 'c' has a '{' without a '}'"),
        ("{ publish: \"t.{}\" }", "has a '{}' without a key"),
        ("{ publish: wamp.t }", "begins with 'wamp', which is the router's own"),
        ("{ call: \"p.{id}\" }", "'call' in notification 'c' has a brace, which only topics may have"),
        ("{ publish: t, options: { exclude: [a] } }", "a value of 'exclude' in the options of notification 'c' is 'a'"),
        ("{ publish: t, options: { exclude: [0] } }", "is '0', which is not a session id"),
        ("{ publish: t, options: { exclude: [9007199254740993] } }", "which is not a session id"),
        ("{ publish: t, options: { retain: 1 } }", "'retain' in the options of notification 'c' is '1'"),
        (
            "{ publish: t, options: [retain] }",
            "there is a list where keys are expected in the options of notification 'c'"
        ),
    ])
    func clashes(_ text: String, _ expected: String) {
        let found = faults(below: "notifications:\n  c: \(text)\n")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func channels() {
        #expect(faults(below: "notifications:\n  \"\": { publish: t }").count == 1)
        #expect(faults(below: "notifications:\n  \(String(repeating: "x", count: 63)): { publish: t }").isEmpty)
        #expect(faults(below: "notifications:\n  \(String(repeating: "x", count: 64)): { publish: t }").count == 1)
        #expect(faults(below: "notifications:\n  \"a\\0b\": { publish: t }").count == 1)
        #expect(faults(below: "notifications: [c]").count == 1)
    }

    @Test func topicsProceduresAndFunctionsAreTakenApart() {
        #expect(
            faults(
                below: "notifications:\n  a: { publish: \"t.{x}#\" }\n  b: { call: \"p#\", result: 9bad }"
            ).map { $0.prefix(34) }
                == [
                    "sidecar.yaml:2:17: 'publish' in not", "sidecar.yaml:3:14: 'call' in notif",
                    "sidecar.yaml:3:28: 'result' in not",
                ].map { $0.prefix(34) })
    }
}
