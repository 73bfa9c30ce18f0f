import Postgres

/// How much waits in the database, as it was when the database was last asked.
package struct OutboxFigures: Sendable, Equatable {
    /// Events in the outbox.
    package let waiting: Int
    /// How long ago the oldest of them was published, in seconds; 0 if there is none.
    package let oldest: Double
    /// Dead letters of publications.
    package let lettersOfPublications: Int
    /// Dead letters of events.
    package let lettersOfEvents: Int
    /// How long ago the oldest of both was written, in seconds; 0 if there is none.
    package let oldestLetter: Double
    /// The part of the server's queue for notifications that is in use, from 0 to 1.
    package let notificationQueue: Double

    package init(
        waiting: Int, oldest: Double, lettersOfPublications: Int, lettersOfEvents: Int, oldestLetter: Double,
        notificationQueue: Double
    ) {
        self.waiting = waiting
        self.oldest = oldest
        self.lettersOfPublications = lettersOfPublications
        self.lettersOfEvents = lettersOfEvents
        self.oldestLetter = oldestLetter
        self.notificationQueue = notificationQueue
    }
}

extension OutboxFigures {
    /// The question for them.
    ///
    /// - Parameter schema: the schema of the SQL interface, as an identifier.
    static func statement(schema: String) -> Statement {
        Statement(
            """
            select waiting, oldest, letters_publish, letters_event, letters_oldest, \
            pg_catalog.pg_notification_queue_usage() from \(schema).outbox_figures()
            """)
    }

    /// Takes its answer; nil if that has another form.
    init?(_ rows: Rows) {
        guard let row = rows.values.first, row.count == 6, let waiting = row[0].flatMap({ Int($0) }),
            let oldest = row[1].flatMap({ Double($0) }), let publications = row[2].flatMap({ Int($0) }),
            let events = row[3].flatMap({ Int($0) }), let oldestLetter = row[4].flatMap({ Double($0) }),
            let queue = row[5].flatMap({ Double($0) })
        else { return nil }
        self.init(
            waiting: waiting, oldest: oldest, lettersOfPublications: publications, lettersOfEvents: events,
            oldestLetter: oldestLetter, notificationQueue: queue)
    }
}
