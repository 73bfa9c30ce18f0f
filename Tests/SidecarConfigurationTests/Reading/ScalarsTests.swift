import Names
import Testing

@testable import SidecarConfiguration

@Suite struct ScalarsTests {
    @Test(arguments: [
        ("true", true), ("false", false), ("${YES}", true), ("\"${YES}\"", true), ("${NONE:-false}", false),
    ])
    func flags(_ text: String, _ expected: Bool) throws {
        let configuration = try load(
            "procedures:\n  com.example.a:\n    function: f\n    force_reregister: \(text)",
            environment: ["YES": "true"])
        #expect(configuration.procedures.map(\.forceReregister) == [expected])
    }

    @Test(arguments: ["yes", "\"true\"", "True", "1", "on", "'false'", "truee"])
    func noFlags(_ text: String) {
        let found = faults(below: "procedures:\n  com.example.a:\n    function: f\n    force_reregister: \(text)")
        #expect(found.count == 1 && found.allSatisfy { $0.contains("which is neither true nor false") }, "\(found)")
    }

    @Test(arguments: ["0", "-1", "1001", "+4", "4.0", "four", "\"4\"", "0x4", "99999999999999999999", "4 "])
    func noNumbers(_ text: String) {
        let found = faults(in: "database: { connections: \(text) }").filter { $0.contains("'connections'") }
        #expect(found.count == (text == "4 " ? 0 : 1), "\(found)")
    }

    @Test(arguments: ["5", "0ms", "25d", "soon", "99999999999d"])
    func noTimeouts(_ text: String) {
        let found = faults(below: "procedures: { com.example.a: { function: f, timeout: \(text) } }")
        #expect(found.count == 1, "\(found)")
    }

    @Test(arguments: ["8388608", "0B", "2GiB", "8 MiB", "big"])
    func noSizes(_ text: String) {
        let found = faults(below: "procedures: { com.example.a: { function: f, max_result_bytes: \(text) } }")
        #expect(found.count == 1, "\(found)")
    }

    @Test(arguments: ["5", "5.5", "-1", "1e3", "true", "False", ".5", "0x1F"])
    func noTexts(_ text: String) {
        let found = faults(below: "procedures: { com.example.a: { function: f, role: \(text) } }")
        #expect(found.count == 1 && found.allSatisfy { $0.contains("put it into quotes") }, "\(found)")
    }

    @Test(arguments: ["'5'", "\"true\"", "yes", "1.2.3", "infinity", "nan", "a-", "${ROLE}"])
    func texts(_ text: String) {
        let found = faults(
            below: "procedures:\n  com.example.a:\n    function: f\n    role: \(text)", environment: ["ROLE": "5"])
        #expect(found.isEmpty, "\(found)")
    }

    @Test func choicesSuggest() {
        #expect(
            faults(below: "log: { level: debgu }")
                == ["sidecar.yaml:1:15: 'level' in log is 'debgu', which is not allowed; did you mean 'debug'?"])
        #expect(
            faults(below: "log: { format: xml }")
                == ["sidecar.yaml:1:16: 'format' in log is 'xml', which is not allowed; write text or json"])
    }

    @Test func variablesInAllKindsOfValues() throws {
        let text = """
            procedures:
              com.example.${NAME}:
                function: "${SCHEMA}.f"
                timeout: ${TIMEOUT:-7s}
                max_result_bytes: ${SIZE:-1MiB}
                roles: { a: "${SCHEMA}_reader" }
                match: ${MATCH:-prefix}
            notifications:
              c: { publish: t.u, options: { eligible: ["${ID}"], eligible_authid: ["${SCHEMA}"] } }
            shutdown_timeout: $${X}
            """
        let environment = ["SCHEMA": "shop", "ID": "4711"]
        #expect(
            faults(below: text, environment: environment).map { $0.prefix(66) } == [
                "sidecar.yaml:10:19: 'shutdown_timeout' at the top level is '${X}', which is not a duration".prefix(66)
            ])
        let configuration = try load(text.replacing("$${X}", with: "3s"), environment: environment)
        let procedure = try #require(configuration.procedures.first)
        #expect(procedure.uri.text == "com.example.${NAME}")
        #expect(try procedure.target.value == .function(FunctionReference("shop.f")))
        #expect(procedure.timeout == .seconds(7) && procedure.maxResultBytes == 1 << 20 && procedure.match == .prefix)
        #expect(procedure.role == .byAuthrole([ProcedureMapping.AuthroleRole(authrole: "a", role: "shop_reader")]))
        guard case .publish(_, let options) = configuration.notifications.first?.action else {
            Issue.record("no publish")
            return
        }
        #expect(options.eligible == [4711] && options.eligibleAuthid == ["shop"])
    }

    @Test("a nearly valid value gets the valid form as remedy") func nearMisses() {
        for (text, problem, remedy) in [
            ("database: { url: dbname=u, connections: \"8\" }", "a text because of its quotes", "write connections: 8"),
            ("procedures: { com.example.a: $FUNCTION }", "looks like a variable, but has no braces", "write ${NAME}"),
            ("procedures:", "has nothing below it", "com.example.add2: public.add2"),
            ("subscriptions:", "has nothing below it", "com.example.sensor.reading: telemetry.record"),
        ] {
            #expect(faults(below: text).contains { $0.contains(problem) && $0.contains(remedy) }, "\(text)")
        }
        #expect(
            faults(below: "procedures: { com.example.a: { function: f, roles: { \"\u{e9}\": a, \"e\u{301}\": b } } }")
                .isEmpty)
    }

    @Test func faultsOfVariables() {
        #expect(
            faults(
                below:
                    "procedures: { com.example.a: \"${NONE}\", com.example.b: \"x${\", com.example.c: \"${EMPTY}\" }",
                environment: ["EMPTY": ""]) == [
                    "sidecar.yaml:1:30: the environment variable 'NONE' is not set "
                        + "('function' in procedure 'com.example.a'); set it, or write ${NONE:-default}",
                    "sidecar.yaml:1:56: a '${' has no '}' ('function' in procedure 'com.example.b'); "
                        + "write ${NAME}, or $${ for a '${' that is meant literally",
                    "sidecar.yaml:1:78: 'function' in procedure 'com.example.c' is empty; set its variable",
                ])
    }

    @Test func aVariablesValueCantChangeTheStructure() throws {
        let configuration = try load(
            "outbox: { event_id: \"${F}\" }", environment: ["F": "f\nshutdown_timeout: 1s\n# ${F}"])
        #expect(configuration.outbox.eventID == "f\nshutdown_timeout: 1s\n# ${F}")
        #expect(configuration.shutdownTimeout == .seconds(8))
    }

    @Test func textsWithNULAreRefused() {
        #expect(faults(below: "procedures: { com.example.a: \"f\\0g\" }").count == 1)
    }
}
