import Names
import Testing

@Suite struct FunctionReferenceTests {
    @Test(
        arguments: [
            ("add2", nil, "add2", nil),
            ("public.add2", "public", "add2", nil),
            ("Public.Add2", "public", "add2", nil),
            ("\"My Schema\".f", "My Schema", "f", nil),
            ("\"a\"\"b\".\"c.d\"", "a\"b", "c.d", nil),
            (" shop . item_get ( bigint ) ", "shop", "item_get", ["bigint"]),
            ("f()", nil, "f", []),
            ("größe.ÄB", "größe", "Äb", nil),
            (
                "f(character varying, numeric(10,2), integer[], \"odd, type\")", nil, "f",
                ["character varying", "numeric(10,2)", "integer[]", "\"odd, type\""]
            ),
            (
                "shop.item_get(id integer, name text DEFAULT 'a, b)'::text, at timestamp with time zone = now())",
                "shop",
                "item_get", ["integer", "text", "timestamp with time zone"]
            ),
            (
                "f(IN id bigint, OUT total numeric, INOUT \"a b\" double precision, VARIADIC names text[])", nil, "f",
                ["bigint", "double precision", "text[]"]
            ),
            (
                "f(time time without time zone, character character varying(3), bit bit(3), "
                    + "interval interval DEFAULT NULL::interval)",
                nil, "f", ["time without time zone", "character varying(3)", "bit(3)", "interval"]
            ),
            (
                "f(double precision, timestamp(3) with time zone, numeric (10, 2), shop . item, \"x y\")", nil, "f",
                ["double precision", "timestamp(3) with time zone", "numeric (10, 2)", "shop . item", "\"x y\""]
            ),
            ("f(OUT a integer)", nil, "f", []),
            ("f(a integer[] DEFAULT ARRAY[1, 2], b text)", nil, "f", ["integer[]", "text"]),
        ] as [(String, String?, String, [String]?)])
    func isTakenApart(_ text: String, schema: String?, name: String, types: [String]?) throws {
        let reference = try FunctionReference(text)
        #expect(reference.schema == schema)
        #expect(reference.name == name)
        #expect(reference.types == types)
        #expect(reference.text == text)
    }

    @Test(arguments: [
        ("", FunctionReferenceError.empty),
        (".f", .missingName),
        ("a.", .missingName),
        ("\"\"", .missingName),
        ("(integer)", .missingName),
        ("a.b.c", .tooManyParts),
        ("f(integer,)", .missingType),
        ("f(integer", .openParenthesis),
        ("f(\"integer)", .openQuote),
        ("\"f", .openQuote),
        ("f; drop table x", .unexpected(";")),
        ("f('x')", .unexpected("'")),
        ("f() x", .unexpected("x")),
        ("9f", .unexpected("9")),
        ("\"a\u{0}\"", .unexpected("a NUL character")),
        (String(repeating: "n", count: 64), .tooLong),
    ])
    func isRefused(_ text: String, error: FunctionReferenceError) {
        #expect(throws: error) { try FunctionReference(text) }
    }
}
