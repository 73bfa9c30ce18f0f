import Functions
import NIOCore
import Names
import Postgres
import Testing
import WAMP

@Suite struct CallFailureTests {
    private func texts(_ failure: CallFailure) -> [String?] {
        [failure.payload.arguments, failure.payload.keywordArguments].map { $0.map { String(buffer: $0) } }
    }

    @Test(arguments: [
        ("42501", "wamp.error.not_authorized"),
        ("22P02", "wamp.error.invalid_argument"),
        ("22012", "wamp.error.invalid_argument"),
        ("23502", "wamp.error.invalid_argument"),
        ("23514", "wamp.error.invalid_argument"),
        ("23505", "postgresql.error.unique_violation"),
        ("57014", "wamp.error.canceled"),
        ("57P01", "wamp.error.unavailable"),
        ("53300", "wamp.error.unavailable"),
        ("08006", "wamp.error.unavailable"),
        ("40001", "postgresql.error.serialization_failure"),
        ("P0001", "postgresql.error.raise_exception"),
        ("42883", "postgresql.error.undefined_function"),
        ("3F000", "postgresql.error.invalid_schema_name"),
        ("XX000", "postgresql.error.internal_error"),
        ("ZZ12A", "postgresql.error.sqlstate_zz12a"),
        ("# .##", "wamp.error.runtime_error"),
    ])
    func oneTableForAllStates(_ sqlstate: String, uri: String) {
        #expect(CallFailure.uri(sqlstate: sqlstate, cancellation: nil).text == uri)
    }

    @Test func cancellationHasTwoReasons() {
        #expect(CallFailure.uri(sqlstate: "57014", cancellation: .deadline) == WAMPError.timeout)
        #expect(CallFailure.uri(sqlstate: "57014", cancellation: .interrupt) == WAMPError.canceled)
    }

    @Test func fieldsAreToldUnlessTerse() {
        let error = DatabaseError(
            sqlstate: "23505", message: "m \"q\"", detail: "d", hint: "h", context: "secret", schema: "s", table: "t",
            column: "c", datatype: "y", constraint: "n")
        #expect(
            texts(CallFailure(error)) == [
                "[\"m \\\"q\\\"\"]",
                #"{"sqlstate":"23505","detail":"d","hint":"h","constraint":"n","table":"t","column":"c"}"#,
            ])
        #expect(
            texts(CallFailure(error, disclosure: .terse)) == ["[\"unique violation\"]", "{\"sqlstate\":\"23505\"}"])
    }

    @Test(arguments: [
        ("P0001", "m"), ("ZZ001", "m"), ("U0001", "m"), ("23505", "unique violation"), ("P0002", "no data found"),
        // Codes that another version of PostgreSQL may have.
        ("22ZZZ", "the function failed"), ("P0009", "the function failed"), ("XX009", "the function failed"),
        ("WA003", "the function failed"), ("", "the function failed"),
    ])
    func terseTellsWhatFunctionsRaise(_ sqlstate: String, _ message: String) {
        let error = DatabaseError(sqlstate: sqlstate, message: "m", detail: "d", hint: "h")
        #expect(
            texts(CallFailure(error, disclosure: .terse)) == ["[\"\(message)\"]", "{\"sqlstate\":\"\(sqlstate)\"}"])
    }

    @Test func adviceIsNotForCallers() {
        let server = DatabaseError(sqlstate: "42501", message: "m", hint: "h")
        let raised = DatabaseError(
            sqlstate: "42501", message: "m", hint: "h", context: "PL/pgSQL-Funktion s.f() Zeile 1 bei RAISE\nnoch eine")
        let interface = DatabaseError(
            sqlstate: "22023", message: "m", hint: "wamp-sidecar install",
            context: "PL/pgSQL function wamp.f() line 1 at RAISE")
        #expect(texts(CallFailure(server, role: "r")) == ["[\"m\"]", "{\"sqlstate\":\"42501\",\"role\":\"r\"}"])
        #expect(texts(CallFailure(raised)) == ["[\"m\"]", "{\"sqlstate\":\"42501\",\"hint\":\"h\"}"])
        #expect(texts(CallFailure(interface)) == ["[\"m\"]", "{\"sqlstate\":\"22023\"}"])
        let fault = FunctionFault(.notExecutable, "n", advice: "grant it")
        #expect(fault.message == "n; grant it")
        #expect(texts(CallFailure(fault)) == ["[\"n\"]", "{\"sqlstate\":\"42501\"}"])
        #expect(texts(CallFailure(fault, disclosure: .terse))[0]?.contains("n;") == false)
    }

    @Test func theSignatureFollowsAValueThatCanNotBeConverted() throws {
        let native = try ProcedurePlan(
            function: FunctionDefinition(
                oid: 1, schema: "s", name: "add2", parameters: [], result: Sample.int4, signature: "s.add2(a integer)"))
        let raw = try ProcedurePlan(function: Sample.raw)
        let conversion = DatabaseError(sqlstate: "22P02", message: "m", context: "unnamed portal parameter $1 = '...'")
        let inside = DatabaseError(
            sqlstate: "22012", message: "m", context: "PL/pgSQL function s.add2(integer) line 3 at RETURN")
        let domain = DatabaseError(sqlstate: "23514", message: "m", datatype: "positive")
        let table = DatabaseError(sqlstate: "23514", message: "m", table: "t")
        #expect(texts(CallFailure(conversion, plan: native))[0] == "[\"m; s.add2(a integer)\"]")
        #expect(texts(CallFailure(domain, plan: native))[0] == "[\"m; s.add2(a integer)\"]")
        #expect(texts(CallFailure(inside, plan: native))[0] == "[\"m\"]")
        #expect(texts(CallFailure(table, plan: native))[0] == "[\"m\"]")
        #expect(texts(CallFailure(conversion, plan: raw))[0] == "[\"m\"]")
    }

    @Test func faultsOfOursAreErrorsToo() {
        #expect(CallFailure(BindingError("b")).uri == WAMPError.invalidArgument)
        #expect(CallFailure(ResultFault("r")).uri == WAMPError.runtimeError)
        let fault = CallFailure(FunctionFault(.notExecutable, "n"))
        #expect(fault.uri == WAMPError.notAuthorized)
        #expect(texts(fault) == ["[\"n\"]", "{\"sqlstate\":\"42501\"}"])
        #expect(
            CallFailure(FunctionFault(.noSuchFunction, "n")).uri.text == "postgresql.error.undefined_function")
        for code in FunctionFault.Code.allCases {
            #expect(ConditionName.of(FunctionFault(code, "").sqlstate) != nil)
        }
    }

    @Test func whatAFunctionRaisesIsItsOwn() {
        func raised(_ message: String, _ detail: String?) -> CallFailure {
            CallFailure(DatabaseError(sqlstate: "WA000", message: message, detail: detail), disclosure: .terse)
        }
        let plain = raised("com.example.gone", nil)
        #expect(plain.uri.text == "com.example.gone")
        #expect(texts(plain) == [nil, nil])
        let full = raised("com.example.gone", "{\"args\": [1, \"a\"], \"kwargs\": {\"k\": null}}")
        #expect(texts(full) == ["[1, \"a\"]", "{\"k\": null}"])
        #expect(texts(raised("a.b", "{\"args\":null}")) == [nil, nil])
        for (message, detail) in [
            ("not a uri", nil), ("a..b", nil), ("", nil), ("a.b", "text"), ("a.b", "[1]"), ("a.b", "{\"args\":{}}"),
            ("a.b", "{\"kwargs\":[]}"), ("a.b", "{\"arg\":[]}"), ("a.b", "{\"args\":[1]"),
        ] as [(String, String?)] {
            let failure = raised(message, detail)
            #expect(failure.uri == WAMPError.runtimeError)
            #expect(texts(failure)[0]?.hasPrefix("[\"the function raised WA000, but ") == true)
        }
    }

    @Test func changedDefinitionsAreTold() throws {
        let plan = try ProcedurePlan(function: Sample.add2)
        let guarding = DatabaseError(
            sqlstate: "0A000", message: "unit \"timezone\" not supported for type timestamp without time zone")
        #expect(
            texts(CallFailure(guarding, plan: plan)) == [
                "[\"s.f(..) was replaced, and has not run; call again\"]", nil,
            ])
        #expect(CallFailure(guarding, plan: plan).uri == WAMPError.unavailable)
        #expect(CallFailure(guarding).uri.text == "postgresql.error.feature_not_supported")
        #expect(
            CallFailure(DatabaseError(sqlstate: "0A000", message: "cached plan"), plan: plan).uri.text
                == "postgresql.error.feature_not_supported")
    }
}
