import Testing

@testable import SQLInterface

@Suite struct SchemaScriptTests {
    private func script(_ schema: String, owner: String = "wamp_owner") throws -> SchemaScript {
        try SchemaScript(schema: schema, owner: owner, role: "wamp")
    }

    @Test func thereIsAScriptForEachVersion() throws {
        let script = try self.script("wamp")
        for version in 1...SchemaScript.version { #expect(script.upgrade(to: version) != nil) }
        #expect(script.upgrade(to: SchemaScript.version + 1) == nil)
        #expect(script.upgrade(to: 0) == nil)
    }

    @Test func everyNameIsFilledIn() throws {
        let script = try self.script("wamp")
        let texts = [try #require(script.upgrade(to: 1)), script.dblink(in: "extensions")]
        for text in texts { #expect(text.firstMatch(of: /@[a-z0-9_]+@/) == nil) }
        #expect(texts[0].contains("create table \"wamp\".outbox ("))
        #expect(texts[0].contains("pg_try_advisory_xact_lock_shared(1463897424, 1542262275)"))
        #expect(texts[0].contains("pg_notify('wamp_outbox', '')"))
        #expect(texts[1].contains("\"extensions\".dblink_send_query(link, document)"))
        #expect(texts[1].contains("create server \"wamp_sidecar\" foreign data wrapper dblink_fdw"))
    }

    /// A name can't end the identifier or string that contains it, nor be mistaken for a name to be filled in.
    @Test func namesAreQuoted() throws {
        let script = try self.script("a\"b'c\\@schema@", owner: "o\"w")
        let text = try #require(script.upgrade(to: 1))
        #expect(text.contains("create table \"a\"\"b'c\\@schema@\".outbox ("))
        #expect(text.contains("n.nspname = E'a\"b''c\\\\@schema@'"))
        #expect(script.administratorStatements.contains("to \"o\"\"w\";"))
    }

    @Test(arguments: [
        "", "public", "pg_wamp", "information_schema", "a$b", "a\nb", "a\0b", String(repeating: "x", count: 64),
    ])
    func namesAreRefused(_ schema: String) {
        #expect(throws: SchemaNameError.self) { try self.script(schema) }
    }

    @Test(arguments: [
        ("0.1.0", "0.1.0", false), ("0.1.0", "0.1", false), ("0.9.1", "0.10.0", true), ("1", "0.10", false),
    ])
    func versionsCompareByNumber(_ left: String, _ right: String, isLess: Bool) {
        #expect((BinaryVersion(left) < BinaryVersion(right)) == isLess)
    }
}
