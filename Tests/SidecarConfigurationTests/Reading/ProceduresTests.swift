import Names
import SidecarConfiguration
import Testing

@Suite struct ProceduresTests {
    @Test func inTheOrderOfTheFile() throws {
        let text = """
            procedures:
              com.example.z: public.z
              com.example.a: { function: "public.a(int, text)" }
              com.example.m:
                sql: select :x
            """
        let procedures = try load(text).procedures
        #expect(procedures.map(\.uri.text) == ["com.example.z", "com.example.a", "com.example.m"])
        #expect(
            try procedures.map(\.target.value) == [
                .function(FunctionReference("public.z")), .function(FunctionReference("public.a(int, text)")),
                .sql(StatementMapping("select :x")),
            ])
        #expect(procedures.map(\.location.line) == [2, 3, 4])
        #expect(
            procedures.map(\.target.location) == [
                Location(line: 2, column: 18), Location(line: 3, column: 30), Location(line: 5, column: 10),
            ])
    }

    @Test func defaults() throws {
        let procedure = try #require(try load("procedures: { com.example.a: f }").procedures.first)
        #expect(procedure.match == .exact && procedure.invoke == .single && procedure.concurrency == nil)
        #expect(!procedure.announcesConcurrency)
        #expect(!procedure.disclosesCaller)
        #expect(!procedure.forceReregister && procedure.timeout == .seconds(30) && procedure.role == .session)
        #expect(procedure.convention == .auto && procedure.results == .auto && procedure.maxRows == nil)
        #expect(procedure.maxResultBytes == 8_388_608 && procedure.bigint == .number && procedure.errors == .full)
        #expect(procedure.retries == 3)
    }

    @Test func allKeys() throws {
        let text = """
            procedures:
              com.example..read:
                function: telemetry.read
                match: wildcard
                invoke: roundrobin
                concurrency: 8
                announce_concurrency: true
                force_reregister: true
                disclose_caller: true
                timeout: 2s
                role: reader
                convention: raw
                results: rows
                max_rows: 100
                max_result_bytes: 64KiB
                bigint: string
                errors: terse
                retries: 0
            """
        let procedure = try #require(try load(text).procedures.first)
        #expect(procedure.match == .wildcard && procedure.invoke == .roundrobin && procedure.concurrency == 8)
        #expect(procedure.announcesConcurrency)
        #expect(procedure.disclosesCaller)
        #expect(procedure.forceReregister && procedure.timeout == .seconds(2) && procedure.role == .fixed("reader"))
        #expect(procedure.convention == .raw && procedure.results == .rows && procedure.maxRows == 100)
        #expect(procedure.maxResultBytes == 65_536 && procedure.bigint == .string && procedure.errors == .terse)
        #expect(procedure.retries == 0)
    }

    @Test(arguments: [
        ("{ function: f, sql: select 1 }", "'sql' in procedure 'com.example.a' can't be combined with 'function'"),
        ("{ timeout: 1s }", "neither 'function' nor 'sql' is given"), ("", "neither 'function' nor 'sql' is given"),
        ("{}", "neither 'function' nor 'sql' is given"), ("[f]", "there is a list where keys are expected"),
        (
            "{ function: f, role: a, roles: { b: c } }",
            "'roles' in procedure 'com.example.a' can't be combined with 'role'"
        ),
        ("{ function: f, roles: {} }", "is not a mapping of authroles to database roles"),
        ("{ function: f, roles: [a] }", "is not a mapping of authroles to database roles"),
        ("{ function: f, roles: { a: [b] } }", "the role for authrole 'a' in procedure 'com.example.a' is a list"),
        ("{ function: f, roles: { a: } }", "the role for authrole 'a' in procedure 'com.example.a' is nothing"),
        (
            "{ sql: select 1, convention: raw }",
            "'convention' in procedure 'com.example.a' is raw, which can't be combined"
        ),
        (
            "{ function: f, announce_concurrency: true }",
            "'announce_concurrency' in procedure 'com.example.a' requires"
        ),
        (
            "{ function: f, announce_concurrency: true, concurrency: 2, invoke: random }",
            "'announce_concurrency' in procedure 'com.example.a' requires"
        ),
        ("{ function: f, before: g }", "'before' is not supported by this version"),
    ])
    func clashes(_ text: String, _ expected: String) {
        let found = faults(below: "procedures:\n  com.example.a: \(text)\n")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func aSignatureWithoutQuotes() {
        let found = faults(below: "procedures:\n  com.example.a: { function: f(int, text) }\n")
        #expect(found.count == 2, "\(found)")
        #expect(found[0].contains("'function' in procedure 'com.example.a' has an unclosed parenthesis"))
        #expect(found[1].contains("there is an unknown key in procedure 'com.example.a'"))
    }

    @Test func notAMapping() {
        #expect(faults(below: "procedures: [a]").count == 1)
        #expect(faults(below: "procedures: a").count == 1)
    }

    @Test func urisFunctionsAndStatementsAreTakenApart() {
        let text = """
            procedures:
              com..a: { function: f, match: wildcard }
              com..b: { function: f, match: prefix }
              com..c: 9bad
              com.d: { sql: drop }
              com..e: { function: f, match: wild }
              wamp.f: f
              wampum.g: f
            """
        #expect(
            faults(below: text) == [
                "sidecar.yaml:3:3: procedure 'com..b' has an empty component; write a URI such as com.example.add2",
                "sidecar.yaml:4:3: procedure 'com..c' has an empty component; write a URI such as com.example.add2",
                "sidecar.yaml:4:11: 'function' in procedure 'com..c' has a misplaced '9'; "
                    + "write name, schema.name or schema.name(type, type); name a function, e.g. public.add2, or its "
                    + "signature, e.g. shop.item_get(bigint)",
                "sidecar.yaml:5:17: 'sql' in procedure 'com.d' begins with DROP; "
                    + "only SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE and WITH are allowed; "
                    + "write one SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE or WITH",
                "sidecar.yaml:6:33: 'match' in procedure 'com..e' is 'wild', which is not allowed; "
                    + "write exact, prefix or wildcard",
                "sidecar.yaml:7:3: procedure 'wamp.f' begins with 'wamp', which is the router's own; "
                    + "write a URI such as com.example.add2",
            ])
    }
}
