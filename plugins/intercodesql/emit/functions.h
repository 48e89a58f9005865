// The SQLite functions that emitted SQL calls; engine/functions*.cc registers exactly these.
//
// Arguments and results lie in SQLite as engine/value.h says. NULL in, NULL out, unless said otherwise. Texts compare
// by utf8mb4_general_ci. `unit` is one of MySQL's interval units in upper case.
//
// Conversions
//   my_number(text)                   the double a text begins with, 0 without one; a number stays as it is
//   my_temporal_number(temporal)      20180309, 20180309000339, 10203: dates and times as numbers
//   my_decimal(x, scale)              a number or text rounded to `scale` decimals, half away from zero
//   my_integer(x), my_unsigned(x)     CAST … AS SIGNED, UNSIGNED: a number rounded, a text's leading integer
//   my_float(x)                       single precision, widened
//   my_double_text(x)  my_float_text(x)  my_decimal_text(x, scale)   numbers in a text context
//   my_date(x)  my_datetime(x, digits)  my_time(x, digits)           from text or number; NULL for what is none
//   my_store(value, type, column)     a value as a column of declared type `type` ("varchar(3)", "int unsigned") keeps
//                                     it; raises 1264, 1265, 1292, 1366, 1406 with the column's name
//   my_raise(number, text)            ends the statement with that error of MySQL's
//
// Aggregates (those over numbers work over windows too)
//   my_sum_decimal(x, scale)  my_avg_decimal(x, scale)   exact; `scale` is the argument's, AVG answers with 4 more
//   my_sum_double(x)  my_avg_double(x)                   as doubles, in the order of the rows
//   my_sum_decimal_distinct … my_avg_double_distinct     over distinct values
//   my_var_pop(x)  my_var_samp(x)  my_stddev_pop(x)  my_stddev_samp(x)
//   my_bit_and_all(x)  my_bit_or_all(x)  my_bit_xor_all(x)
//   my_group_concat(separator, distinct, directions, text, key, …)   distinct: 0 or 1; directions: 'a' or 'd' per key
//   my_count_distinct(a, b, …)        rows without NULL, each once
//   my_only_row(x)                    the value of the only row, NULL without one, error 1242 with more
//
// Operators
//   my_divide(a, b)  my_integer_divide(a, b)  my_modulo(a, b)     NULL for a divisor of 0
//   my_bit_xor(a, b)  my_shift_left(a, n)  my_shift_right(a, n)   over 64 unsigned bits
//   my_like(text, pattern [, escape])  my_like_binary(…)          escape: one character, or '' for none
//   my_regexp(text, pattern)  my_regexp_binary(text, pattern)
//
// Functions of MySQL under their own names: number, text
//   my_abs my_ceiling my_floor my_round_decimal(x [, n]) my_round_double(x [, n]) my_truncate(x, n) my_sign my_power
//   my_sqrt my_exp my_ln my_log(x | base, x) my_log2 my_log10 my_sin my_cos my_tan my_cot my_asin my_acos my_atan
//   my_degrees my_radians my_pi my_crc32 my_bit_count my_conv my_rand([seed])
//   my_concat my_concat_ws my_length my_bit_length my_char_length my_upper my_lower my_left my_right my_substring
//   my_substring_index my_trim(x [, part]) my_ltrim my_rtrim my_replace my_reverse my_repeat my_space my_lpad my_rpad
//   my_locate(part, text [, from]) my_strcmp my_field my_find_in_set my_elt my_ascii my_ord my_char my_hex my_unhex
//   my_bin my_oct my_format my_insert my_quote my_soundex my_md5 my_sha1 my_sha2 my_to_base64 my_from_base64
//   my_regexp_replace my_regexp_substr my_regexp_instr
//
// Dates and times
//   my_add_interval(temporal, amount, unit, subtract)   a date stays one unless the unit is below a day
//   my_date_diff(a, b)  my_time_diff(a, b)  my_timestamp_diff(unit, a, b)  my_extract(unit, x)  my_add_time(x, time)
//   my_sub_time(x, time)
//   my_year my_month my_day my_hour my_minute my_second my_microsecond my_quarter my_week(x, mode) my_yearweek(x, mode)
//   my_weekday my_day_of_week my_day_of_year my_day_name my_month_name my_last_day my_to_days my_from_days
//   my_make_date(year, day) my_make_time(h, m, s) my_sec_to_time my_time_to_sec my_to_seconds my_unix_timestamp([x])
//   my_from_unixtime(x) my_date_format(x, format) my_time_format(x, format) my_str_to_date(text, format)
//   my_period_add my_period_diff
//
// The session
//   my_now() my_curdate() my_curtime() my_database() my_user() my_version() my_connection_id() my_last_insert_id()
//   my_row_count() my_found_rows() my_uuid() my_variable(name) my_set_variable(name, value) my_system_variable(name)
// The order of rows
//   my_row_key(directions, a, b, …)   bytes that compare as the row (a, b, …) does; 'a' or 'd' per value; the last one
//                                     may be such a key. Never NULL
//   my_filesort(directions, limit, expected, number, key, …)   an aggregate: the numbers of the first `limit` rows in
//                                     the order of MySQL's sort (engine/filesort.h); `expected` may be NULL, and so may
//                                     `limit`: then all rows', or NULL where that sort is stable
//   my_place(numbers, number)         where that list has a number, from 1; NULL where it does not
// Of SQLite's own functions only: count min max coalesce, and over windows row_number rank dense_rank percent_rank
// cume_dist ntile lag lead first_value last_value nth_value.
#pragma once
