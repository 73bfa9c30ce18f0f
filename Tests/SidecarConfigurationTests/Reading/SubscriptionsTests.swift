import Names
import SidecarConfiguration
import Testing

@Suite struct SubscriptionsTests {
    @Test func allKeys() throws {
        let text = """
            subscriptions:
              com.example.plain: telemetry.record
              com.example..reading:
                function: telemetry.record(jsonb)
                match: wildcard
                retained: true
                concurrency: 4
                timeout: 5s
                role: writer
                retries: 0
                convention: native
            """
        let subscriptions = try load(text).subscriptions
        #expect(subscriptions.map(\.topic.text) == ["com.example.plain", "com.example..reading"])
        let plain = try #require(subscriptions.first)
        #expect(plain.function.value.text == "telemetry.record")
        #expect(plain.function.location == Location(line: 2, column: 22))
        #expect(plain.match == .exact && !plain.retained && plain.concurrency == 1 && plain.timeout == .seconds(30))
        #expect(plain.role == nil && plain.retries == 3 && plain.convention == .auto)
        let full = try #require(subscriptions.last)
        #expect(full.location == Location(line: 3, column: 3) && full.function.value.text == "telemetry.record(jsonb)")
        #expect(full.match == .wildcard && full.retained && full.concurrency == 4 && full.timeout == .seconds(5))
        #expect(full.role == "writer" && full.retries == 0 && full.convention == .native)
    }

    @Test(arguments: [
        ("{}", "'function' is missing in subscription 'com.example.a'; add e.g. function: telemetry.record"),
        ("", "'function' is missing in subscription 'com.example.a'"),
        ("[f]", "there is a list where keys are expected in subscription 'com.example.a'"),
        ("{ function: f, roles: { a: b } }", "unknown key 'roles' in subscription 'com.example.a'"),
        ("{ function: f, match: wild }", "'match' in subscription 'com.example.a' is 'wild', which is not allowed"),
    ])
    func faultyEntries(_ text: String, _ expected: String) {
        let found = faults(below: "subscriptions:\n  com.example.a: \(text)\n")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func notAMapping() {
        #expect(faults(below: "subscriptions: [a]").count == 1)
    }

    @Test func topicsAndFunctionsAreTakenApart() {
        #expect(
            faults(below: "subscriptions:\n  a..b: f\n  c..d: { function: 9bad, match: wildcard }") == [
                "sidecar.yaml:2:3: subscription 'a..b' has an empty component; "
                    + "write a topic such as com.example.sensor.reading",
                "sidecar.yaml:3:21: 'function' in subscription 'c..d' has a misplaced '9'; write name, "
                    + "schema.name or schema.name(type, type); name a function, e.g. "
                    + "telemetry.record, or its signature, e.g. telemetry.record(jsonb, jsonb)",
            ])
    }
}
