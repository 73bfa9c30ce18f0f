import Postgres

/// The single row of one of the survey's queries.
struct SurveyRow {
    private let values: [String?]

    init(_ rows: Rows) {
        self.values = rows.values.first ?? []
    }

    func text(_ column: Int) -> String? {
        self.values.indices.contains(column) ? self.values[column] : nil
    }

    func flag(_ column: Int) -> Bool { self.text(column) == "t" }
}
