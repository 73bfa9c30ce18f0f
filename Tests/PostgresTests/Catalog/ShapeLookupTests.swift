import Postgres
import Testing

@Suite struct ShapeLookupTests {
    /// oid, kind, base, element, relation, display, attribute's name and type.
    private static let rows: [[String?]] = [
        ["20", "b", "0", "0", "0", "bigint", nil, nil],
        ["3802", "b", "0", "0", "0", "jsonb", nil, nil],
        ["3807", "b", "0", "3802", "0", "jsonb[]", nil, nil],
        ["17000", "c", "0", "0", "17001", "shop.part", "amount", "20"],
        ["17000", "c", "0", "0", "17001", "shop.part", "tags", "17010"],
        ["17002", "b", "0", "17000", "0", "shop.part[]", nil, nil],
        ["17010", "d", "3807", "0", "0", "shop.notes", nil, nil],
    ]

    @Test func partsAreFoundThroughDomainsAndArrays() throws {
        let shapes = try ShapeLookup.shapes(in: Rows(columns: [], values: Self.rows))
        let part = RecordShape(
            type: "shop.part", relation: 17001,
            members: [
                RecordShape.Member(name: "amount", shape: .integer),
                RecordShape.Member(name: "tags", shape: .list(.json)),
            ])
        #expect(shapes[17002] == .list(.record(part)))
        #expect(shapes[17010] == .list(.json))
        #expect(shapes[17002]?.hasRecords == true && shapes[17010]?.hasRecords == false)
        #expect(ShapeLookup.parameters(for: [17002]).texts == ["{17002}"])
    }

    @Test("rows that name each other end") func circles() throws {
        let rows: [[String?]] = [
            ["1", "d", "2", "0", "0", "a", nil, nil], ["2", "d", "1", "0", "0", "b", nil, nil],
        ]
        #expect(try ShapeLookup.shapes(in: Rows(columns: [], values: rows)).count == 2)
        #expect(throws: FunctionFault.self) { try ShapeLookup.shapes(in: Rows(columns: [], values: [["x"]])) }
    }
}
