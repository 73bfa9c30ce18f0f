import Testing

@testable import Postgres

@Suite("The meaning of an error for its session")
struct DatabaseErrorSessionTests {
    @Test(
        "what failed ahead of a function may be due to what was left behind",
        arguments: [
            ("57014", nil, true), ("57014", "PL/pgSQL function f()", true), ("42501", nil, true), ("42883", nil, true),
            ("3F000", nil, true), ("42883", "PL/pgSQL function f()", false), ("23505", nil, false),
            ("XX000", nil, false),
        ] as [(String, String?, Bool)])
    func settings(sqlstate: String, context: String?, expected: Bool) {
        let error = DatabaseError(sqlstate: sqlstate, message: "", context: context)
        #expect(error.canComeFromSettings == expected)
    }

    @Test(
        "a session that takes no writes, or has forgotten a statement, is of no use",
        arguments: [("25006", true), ("26000", true), ("25001", false), ("57014", false)])
    func condemned(sqlstate: String, expected: Bool) {
        #expect(DatabaseError(sqlstate: sqlstate, message: "").condemnsSession == expected)
    }
}
